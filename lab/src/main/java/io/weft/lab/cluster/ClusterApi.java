package io.weft.lab.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.kubernetes.api.ApiClient;
import io.weft.kubernetes.api.ApiCollection;
import io.weft.kubernetes.api.ApiFailure;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The calls of a lab to the API of its cluster, as somebody with kubectl makes them. */
public final class ClusterApi implements AutoCloseable {
  private static final Duration READY = Duration.ofSeconds(60);

  private final ApiClient client;

  public ClusterApi(ApiClient client) {
    this.client = client;
  }

  private interface Call<T> {
    T make() throws ApiFailure, InterruptedException;
  }

  private static <T> T call(Call<T> call) throws IOException, InterruptedException {
    try {
      return call.make();
    } catch (ApiFailure e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** Makes it; refused when there is one of its name. */
  JsonNode create(ClusterObject object) throws IOException, InterruptedException {
    return call(() -> client.create(object.collection(), object.document()));
  }

  JsonNode get(ClusterObject object) throws IOException, InterruptedException {
    return call(() -> client.get(object.path()));
  }

  /** Empty when there is none of its name. */
  Optional<JsonNode> find(ClusterObject object) throws IOException, InterruptedException {
    return call(
        () -> {
          try {
            return Optional.of(client.get(object.path()));
          } catch (ApiFailure e) {
            if (e.isNotFound()) {
              return Optional.empty();
            }
            throw e;
          }
        });
  }

  void merge(ClusterObject object, ObjectNode patch) throws IOException, InterruptedException {
    call(() -> client.merge(object.path(), patch));
  }

  void mergeStatus(ClusterObject object, ObjectNode patch)
      throws IOException, InterruptedException {
    call(() -> client.merge(object.path() + "/status", patch));
  }

  void delete(ClusterObject object) throws IOException, InterruptedException {
    call(
        () -> {
          client.delete(object.path(), "", "");
          return true;
        });
  }

  /** As {@link #delete}; nothing when it is gone already. */
  void deleteIfThere(ClusterObject object) throws IOException, InterruptedException {
    call(
        () -> {
          try {
            client.delete(object.path(), "", "");
          } catch (ApiFailure e) {
            if (!e.isNotFound()) {
              throw e;
            }
          }
          return true;
        });
  }

  /**
   * Waits until the controller has said of each object of Weft's that it is in force.
   *
   * @throws IOException with the first one that is not, and what is said of it
   */
  void awaitReady(List<ClusterObject> objects) throws IOException, InterruptedException {
    var missing =
        Waiting.ask(
            READY,
            () -> {
              for (var object : objects) {
                if (object.isOurs() && !condition(get(object), "Ready").equals("True")) {
                  return object + " is not Ready: " + get(object).at("/status/conditions");
                }
              }
              return "";
            });
    if (!missing.isEmpty()) {
      throw new IOException(missing);
    }
  }

  /** True when the server has a collection at the path. */
  boolean isKnown(String path) throws IOException, InterruptedException {
    return call(
        () -> {
          try {
            return client.first(ApiCollection.of(path), 1) != null;
          } catch (ApiFailure e) {
            if (e.isNotFound()) {
              return false;
            }
            throw e;
          }
        });
  }

  /** Where it calls. */
  public URI server() {
    return client.server();
  }

  List<JsonNode> list(String path) throws IOException, InterruptedException {
    var all = new ArrayList<JsonNode>();
    call(() -> client.list(ApiCollection.of(path), all::add));
    return all;
  }

  List<JsonNode> list(String kind, String namespace) throws IOException, InterruptedException {
    return list(ClusterObject.collection(kind, namespace));
  }

  /** {@code True}, {@code False} or {@code Unknown}; empty where nobody has said it. */
  static String condition(JsonNode object, String type) {
    for (var each : object.at("/status/conditions")) {
      if (each.path("type").asText().equals(type)) {
        return each.path("status").asText();
      }
    }
    return "";
  }

  @Override
  public void close() {
    client.close();
  }
}
