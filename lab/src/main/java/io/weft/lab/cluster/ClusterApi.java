package io.weft.lab.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.kubernetes.api.ApiClient;
import io.weft.kubernetes.api.ApiCollection;
import io.weft.kubernetes.api.ApiFailure;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The calls of a lab to the API of its cluster, as somebody with kubectl makes them. */
public final class ClusterApi implements AutoCloseable {
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
