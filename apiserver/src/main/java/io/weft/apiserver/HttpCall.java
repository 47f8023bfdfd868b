package io.weft.apiserver;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What a call says, and what it is answered, as HTTP. */
final class HttpCall {
  private static final ObjectMapper JSON = new ObjectMapper();

  private HttpCall() {}

  /** True for who asks for PartialObjectMetadata. */
  static boolean wantsMetadata(HttpExchange exchange) {
    return String.valueOf(exchange.getRequestHeaders().getFirst("Accept"))
        .contains("as=PartialObjectMetadata");
  }

  /** A list, or the table that is printed of it, for who asks for that. */
  static ObjectNode asked(HttpExchange exchange, ObjectNode list) {
    return String.valueOf(exchange.getRequestHeaders().getFirst("Accept")).contains("as=Table")
        ? PrintedTable.of(list)
        : list;
  }

  /** Of a call; empty where it is no object. */
  static ObjectNode body(HttpExchange exchange) throws Refusal, IOException {
    try {
      return JSON.readTree(exchange.getRequestBody()) instanceof ObjectNode object
          ? object
          : JsonNodeFactory.instance.objectNode();
    } catch (JsonProcessingException e) {
      throw Refusal.bad(e.getOriginalMessage());
    }
  }

  /** Refuses it; a body that was not read yet is left. */
  static void send(HttpExchange exchange, Refusal refusal) throws IOException {
    if (refusal.retryAfter() > 0) {
      exchange.getResponseHeaders().set("Retry-After", String.valueOf(refusal.retryAfter()));
    }
    send(exchange, refusal.code(), refusal.status());
  }

  /**
   * The object of a POST or PUT.
   *
   * @param name as the path has it; empty: that of the object counts
   * @throws Refusal when it is not of the kind that the path says, or of another name or namespace
   */
  static ObjectNode object(HttpExchange exchange, ResourceType type, String namespace, String name)
      throws Refusal, IOException {
    var content = String.valueOf(exchange.getRequestHeaders().getFirst("Content-Type"));
    if (!content.equals("application/json")) {
      throw new Refusal(415, "UnsupportedMediaType", content);
    }
    var object = body(exchange);
    for (var field : Map.of("apiVersion", type.apiVersion(), "kind", type.kind()).entrySet()) {
      var given = object.path(field.getKey()).asText("");
      if (given.isEmpty() && !ResourceType.BUILT_IN.contains(type)) {
        throw Refusal.bad("Object '" + field.getKey() + "' is missing in '" + object + "'");
      }
      if (!given.isEmpty() && !given.equals(field.getValue())) {
        throw Refusal.bad(
            "the %s in the data (%s) does not match the expected one (%s)"
                .formatted(field.getKey(), given, field.getValue()));
      }
    }
    var metadata = object.path("metadata");
    if (!metadata.path("namespace").asText(namespace).equals(namespace)) {
      throw Refusal.bad("the namespace of the object does not match that of the request");
    }
    if (!name.isEmpty() && !metadata.path("name").asText("").equals(name)) {
      throw Refusal.bad("the name of the object does not match the name on the URL");
    }
    var version = metadata.path("resourceVersion").asText("");
    if (name.isEmpty() && !version.isEmpty()) {
      throw Refusal.bad("resourceVersion should not be set on objects to be created");
    }
    if (!name.isEmpty() && version.isEmpty() && !type.replacesBlindly()) {
      throw Refusal.invalid(
          type.named(name), "metadata.resourceVersion: must be specified for an update");
    }
    return object;
  }

  /** Behind the question mark. */
  static Map<String, String> parameters(URI uri) {
    var parameters = new TreeMap<String, String>();
    var query = Optional.ofNullable(uri.getRawQuery()).orElse("");
    for (var pair : query.split("&", -1)) {
      var parts = pair.split("=", 2);
      if (parts.length == 2) {
        parameters.put(parts[0], URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
      }
    }
    return parameters;
  }

  /** Answers. */
  static void send(HttpExchange exchange, int code, JsonNode body) throws IOException {
    var octets = JSON.writeValueAsBytes(body);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(code, octets.length);
    exchange.getResponseBody().write(octets);
  }
}
