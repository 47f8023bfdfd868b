package io.weft.kubernetes.schema;

import static io.weft.kubernetes.schema.Schema.Field.optional;
import static io.weft.kubernetes.schema.Schema.Field.required;

import io.weft.kubernetes.schema.Schema.Choice;
import io.weft.kubernetes.schema.Schema.Fields;
import io.weft.kubernetes.schema.Schema.ListOf;
import io.weft.kubernetes.schema.Schema.Text;
import io.weft.kubernetes.schema.Schema.Whole;
import java.util.List;

/** Values that several kinds have. */
final class Fieldset {
  static final int MANY = 4096;
  static final int SOME = 256;

  static final Text NAME = new Text("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", 63, "name (DNS label)");
  static final Text ADDRESS = new Text("^[0-9a-fA-F:.]+$", 45, "address");
  static final Text PREFIX = new Text("^[0-9a-fA-F:.]+/[0-9]{1,3}$", 49, "prefix");
  static final Text MAC = new Text("^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$", 17, "MAC address");
  static final Text RANGE = new Text("^[0-9]+(-[0-9]+)?$", 17, "FIRST-LAST");
  static final Text INTERFACE = new Text("^[^/\\s:]{1,15}$", 15, "interface");
  static final Text LINK = new Text("^[^/\\s:%]{1,15}$", 15, "link");
  static final Text WORDS = new Text("", 1024, "text");

  /** As {@code net.RouteTarget} reads them. */
  static final Text EXPORT_TARGET = new Text("^[0-9.]+:[0-9]+$", 32, "AS:NUMBER");

  static final Text IMPORT_TARGET = new Text("^([0-9.]+|\\*):[0-9]+$", 32, "AS:NUMBER or *:NUMBER");

  static final Fields ROUTE_TARGETS =
      Fields.of(
          optional(
              "import",
              new ListOf(IMPORT_TARGET, SOME),
              "Routes with one of these are taken, in place of the automatic ones."),
          optional(
              "export",
              new ListOf(EXPORT_TARGET, SOME),
              "What its own routes carry, in place of the automatic one."));

  static final ListOf CONDITIONS =
      new ListOf(
          Fields.of(
              required("type", new Text("", 316, "word"), "What it is about, such as Ready."),
              required(
                  "status", new Choice(List.of("True", "False", "Unknown")), "Whether it holds."),
              required("reason", new Text("", 1024, "word"), "Why, as a word for programs."),
              required("message", new Text("", 32768, "text"), "Why, and what to do."),
              required("lastTransitionTime", new Text("", 64, "RFC 3339 time"), "Since when."),
              optional(
                  "observedGeneration",
                  new Whole(0, Long.MAX_VALUE),
                  "The metadata.generation that it was said of.")),
          16);

  private Fieldset() {}
}
