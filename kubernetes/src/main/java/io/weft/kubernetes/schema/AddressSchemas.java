package io.weft.kubernetes.schema;

import static io.weft.kubernetes.schema.Fieldset.NAME;
import static io.weft.kubernetes.schema.Schema.Field.optional;
import static io.weft.kubernetes.schema.Schema.Field.required;

import io.weft.kubernetes.resource.NetworkSpec;
import io.weft.kubernetes.schema.KindSchema.Column;
import io.weft.kubernetes.schema.Schema.Fields;
import io.weft.kubernetes.schema.Schema.ListOf;
import io.weft.kubernetes.schema.Schema.Rule;
import io.weft.kubernetes.schema.Schema.Text;
import io.weft.kubernetes.schema.Schema.Truth;
import java.util.List;

/** What the nodes keep on the API about addresses; {@code agent/addresses} reads and writes it. */
final class AddressSchemas {
  private static final Text NODE = new Text("", 253, "name of a node");
  private static final int MAX_HOLDERS = 2;

  /** The name says network and prefix: so a part of a subnet cannot be given twice. */
  static final KindSchema BLOCK =
      new KindSchema(
          "AddressBlock",
          List.of("ablock"),
          "A part of a network's subnet that one node gives addresses out of. Written by the"
              + " nodes.",
          Fields.of(
              required("network", NAME, "The network."),
              required("prefix", Fieldset.PREFIX, "The addresses."),
              required("node", NODE, "The node that gives them out.")),
          true,
          Fields.of(),
          new Rule(
              "self.metadata.name == self.spec.network + '.'"
                  + " + self.spec.prefix.replace(':', '-').replace('/', '-')",
              "the name is that of the network, a dot and the prefix, with '-' for ':' and '/'"),
          List.of(
              new Column("Network", "string", ".spec.network"),
              new Column("Prefix", "string", ".spec.prefix"),
              new Column("Node", "string", ".spec.node")));

  static final KindSchema CLAIM =
      new KindSchema(
          "AddressClaim",
          List.of("aclaim"),
          "Addresses and a MAC that outlive the endpoint that uses them. Made by hand, or by a node"
              + " for an endpoint that asks for it.",
          Fields.of(
                  required("network", NAME, "The network."),
                  required(
                      "addresses",
                      new ListOf(Fieldset.ADDRESS, NetworkSpec.MAX_SUBNETS),
                      "One of each of its subnets; nobody else gets them."),
                  optional("mac", Fieldset.MAC, "Made of the first address when not given."),
                  optional(
                      "holders",
                      new ListOf(
                          Fields.of(
                              required("node", NODE, "Where it is."),
                              required("endpoint", new Text("", 253, "name"), "Its name."),
                              optional(
                                  "active",
                                  new Truth(),
                                  "Frames go to this one; false when not given.")),
                          MAX_HOLDERS),
                      "Endpoints that have them now, two while a machine moves; written by the"
                          + " nodes."))
              .where("size(self.addresses) > 0", "a claim keeps an address at least")
              .where(
                  "!has(self.holders) || size(self.holders) == 0 || self.holders.exists_one(h,"
                      + " has(h.active) && h.active)",
                  "exactly one of the holders is active, if there are any"),
          true,
          Fields.of(),
          new Rule(
              "self.metadata.name.matches('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?([.][a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)?$')",
              "the name is a DNS label, or, of a claim of pods, that of their namespace, a dot and"
                  + " a DNS label"),
          List.of(
              new Column("Network", "string", ".spec.network"),
              new Column("Addresses", "string", ".spec.addresses"),
              new Column("MAC", "string", ".spec.mac"),
              new Column("Active", "string", ".spec.holders[?(@.active==true)].node"),
              new Column("Standby", "string", ".spec.holders[?(@.active==false)].node")));

  private AddressSchemas() {}
}
