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
