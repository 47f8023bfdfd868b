package io.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;

/** Cells of tables out of JSON. */
final class Texts {
  private Texts() {}

  /** The elements of an array with commas; {@code -} for none. */
  static String joined(JsonNode array) {
    var texts = new ArrayList<String>();
    array.forEach(element -> texts.add(element.asText()));
    return texts.isEmpty() ? "-" : String.join(",", texts);
  }

  /** The field as text; {@code -} when it is not there. */
  static String orDash(JsonNode object, String field) {
    return object.hasNonNull(field) ? object.path(field).asText() : "-";
  }

  /** What was stopped at the port of an endpoint, by reason. */
  static String stopped(JsonNode port) {
    var reasons = new ArrayList<String>();
    port.path("reasons")
        .properties()
        .forEach(reason -> reasons.add(reason.getValue() + " " + reason.getKey()));
    return "%s frames of endpoint '%s' at port %s: %s"
        .formatted(
            port.path("frames"),
            port.path("endpoint").asText("(unknown)"),
            port.path("port").asText(),
            String.join(", ", reasons));
  }

  /** What peers and files say, without what a terminal would obey. */
  static String printable(String text) {
    return text.replaceAll("\\p{Cntrl}", "?");
  }
}
