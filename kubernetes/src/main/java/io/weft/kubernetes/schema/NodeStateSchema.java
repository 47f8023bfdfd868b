package io.weft.kubernetes.schema;

import static io.weft.kubernetes.schema.Schema.Field.optional;

import io.weft.kubernetes.schema.KindSchema.Column;
import io.weft.kubernetes.schema.Schema.Fields;
import io.weft.kubernetes.schema.Schema.ListOf;
import io.weft.kubernetes.schema.Schema.Rule;
import io.weft.kubernetes.schema.Schema.Text;
import io.weft.kubernetes.schema.Schema.Whole;
import java.util.List;

/** What a node says of itself; {@code agent/cluster} writes it. */
final class NodeStateSchema {
  private static final Whole COUNT = new Whole(0, Integer.MAX_VALUE);
  private static final Text SHORT = new Text("", 64, "text");
  private static final int MOST_FINDINGS = 20;

  static final KindSchema NODE_STATE =
      new KindSchema(
          "NodeState",
          List.of("nstate"),
          "What the agent of a node says of itself, under the name of the node. Written by each"
              + " node, never read as a wish; it goes with its Node.",
          Fields.of(),
          false,
          ResourceSchemas.status(
              optional("version", SHORT, "Of the agent."),
              optional("vtep", Fieldset.ADDRESS, "Where its tunnels end."),
              optional(
                  "vteps", new ListOf(Fieldset.ADDRESS, 2), "Of both families, where it has both."),
              optional("asn", new Whole(0, 4_294_967_295L), "Its AS."),
              optional(
                  "peers",
                  Fields.of(
                      optional("established", COUNT, "Whose session is up."),
                      optional("configured", COUNT, "All.")),
                  "Its BGP peers."),
              optional("networks", COUNT, "Networks with endpoints here."),
              optional("endpoints", COUNT, "Endpoints that are attached."),
              optional(
                  "findings",
                  new ListOf(Fieldset.WORDS, MOST_FINDINGS),
                  "What is wrong, as weft status says it; the first ones."),
              optional("findingsInAll", COUNT, "How many there are."),
              optional("lastChange", SHORT, "When this last became another (RFC 3339).")),
          new Rule("self.metadata.name.size() <= 253", "the name is that of a Node"),
          List.of(
              new Column("VTEP", "string", ".status.vtep"),
              new Column("Up", "integer", ".status.peers.established"),
              new Column("Peers", "integer", ".status.peers.configured"),
              new Column("Networks", "integer", ".status.networks"),
              new Column("Endpoints", "integer", ".status.endpoints"),
              new Column("Findings", "integer", ".status.findingsInAll"),
              new Column("Version", "string", ".status.version"),
              new Column("Ready", "string", ".status.conditions[?(@.type==\"Ready\")].status")));

  private NodeStateSchema() {}
}
