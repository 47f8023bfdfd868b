package io.weft.kubernetes.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/**
 * The events of one watch, as they come. Closing it from another thread ends a wait for the next.
 */
final class ApiStream implements Closeable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final String call;
  private final InputStream body;
  private final MappingIterator<JsonNode> events;

  ApiStream(String call, InputStream body) throws ApiFailure {
    this.call = call;
    this.body = body;
    try {
      this.events = JSON.readerFor(JsonNode.class).readValues(body);
    } catch (IOException e) {
      throw new ApiFailure(call, ApiClient.words(e), e);
    }
  }

  /**
   * Waits for the next event, an object with {@code type} and {@code object}; empty when the server
   * ended the watch.
   *
   * @throws ApiFailure when the connection broke, or the server reports an error
   */
  Optional<JsonNode> next() throws ApiFailure {
    try {
      if (!events.hasNextValue()) {
        return Optional.empty();
      }
      var event = events.nextValue();
      if (event.path("type").asText().equals("ERROR")) {
        throw ApiClient.refused(call, event.path("object"));
      }
      return Optional.of(event);
    } catch (IOException e) {
      throw new ApiFailure(call, ApiClient.words(e), e);
    }
  }

  @Override
  public void close() {
    try {
      body.close();
    } catch (IOException _) {
      // Nobody reads it any more.
    }
  }
}
