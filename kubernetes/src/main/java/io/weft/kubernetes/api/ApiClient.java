package io.weft.kubernetes.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Calls an API server (Kubernetes documentation, "Kubernetes API Concepts"). Each call blocks, on a
 * thread that may be virtual, until the answer begins, 30 s at most, and until it ends, which 60 s
 * without an octet do too; any number of threads may call. An answer is read up to 16 MiB.
 */
public final class ApiClient implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration SILENCE = Duration.ofSeconds(60);

  /**
   * Over so long the nodes of a cluster list again when the server has forgotten where they were.
   */
  private static final Duration SPREAD = Duration.ofSeconds(10);

  private static final int MAX_ANSWER = 16 << 20;

  /** Of a list: Nodes have 30 KB each and more, and are taken one by one. */
  private static final int MAX_PAGE = 64 << 20;

  private static final int PAGE = 500;
  private static final int MAX_RETRY_AFTER_SECONDS = 60;
  private static final int UNAUTHORIZED = 401;
  private static final String ALL = "application/json";

  private final ApiAccess access;
  private final Transport transport;
  private final UnderWay underWay;
  private final AtomicBoolean open = new AtomicBoolean(true);
  private final Duration answer;
  private final Duration silence;
  private final Duration spread;
  private volatile ApiCalls calls = ApiCalls.NONE;

  /**
   * Makes a client; nothing is sent yet.
   *
   * @throws IOException when certificates or keys cannot be used
   */
  public ApiClient(ApiAccess access) throws IOException {
    this(access, SILENCE, SPREAD);
  }

  /** With another patience in the middle of an answer, and another {@link #spread}. */
  ApiClient(ApiAccess access, Duration silence, Duration spread) throws IOException {
    this(access, silence, spread, Transport.Patience.USUAL);
  }

  /** With another patience before an answer, and with the connection. */
  ApiClient(ApiAccess access, Duration silence, Duration spread, Transport.Patience patience)
      throws IOException {
    this(access, new Transport(access, patience), patience.call(), silence, spread);
  }

  private ApiClient(
      ApiAccess access, Transport transport, Duration answer, Duration silence, Duration spread) {
    this.access = access;
    this.answer = answer;
    this.transport = transport;
    this.underWay = new UnderWay(transport);
    this.silence = silence;
    this.spread = spread;
  }

  /**
   * Another client over the same connection, with calls of its own: each of them is closed by
   * itself, and the connection ends with the last.
   */
  public ApiClient sharing() {
    transport.share();
    return new ApiClient(access, transport, answer, silence, spread);
  }

  /**
   * A client as {@link ApiAccess#ofKubeconfig}.
   *
   * @throws IOException when the file cannot be read or used; the message names file and place
   */
  public static ApiClient ofKubeconfig(Path file) throws IOException {
    return new ApiClient(ApiAccess.ofKubeconfig(file));
  }

  /** Over so long those spread their calls who might all begin at once. */
  Duration spread() {
    return spread;
  }

  /** Where it calls, for messages. */
  public URI server() {
    return access.server();
  }

  /** How its calls have ended. */
  public ApiCalls calls() {
    return calls;
  }

  /** One object, at its path. */
  public JsonNode get(String path) throws ApiFailure, InterruptedException {
    return answer("GET", path, request(path, ALL).GET());
  }

  /** The metadata of one object, at its path: the server leaves the rest out. */
  public JsonNode getMetadata(String path) throws ApiFailure, InterruptedException {
    return answer("GET", path, request(path, as("PartialObjectMetadata")).GET());
  }

  /**
   * Makes an object in the collection at the path; a name is given once, whoever asks.
   *
   * @return as it was stored
   */
  public JsonNode create(String path, JsonNode object) throws ApiFailure, InterruptedException {
    return answer("POST", path, sending("POST", path, ALL, object));
  }

  /**
   * Replaces the object at the path, or its status at {@code PATH/status}. With {@code
   * metadata.resourceVersion} only if nobody changed it since: otherwise {@link
   * ApiFailure#isConflict}.
   */
  public JsonNode replace(String path, JsonNode object) throws ApiFailure, InterruptedException {
    return answer("PUT", path, sending("PUT", path, ALL, object));
  }

  /** Changes the fields that are given, removes those that are null (RFC 7396). */
  public JsonNode merge(String path, JsonNode patch) throws ApiFailure, InterruptedException {
    return answer("PATCH", path, sending("PATCH", path, "application/merge-patch+json", patch));
  }

  /**
   * Changes the fields that are given, and of lists with keys those items that are given (strategic
   * merge patch): conditions of a Node that others write stay. Kinds of Kubernetes itself only.
   */
  public JsonNode mergeByKey(String path, JsonNode patch) throws ApiFailure, InterruptedException {
    var type = "application/strategic-merge-patch+json";
    return answer("PATCH", path, sending("PATCH", path, type, patch));
  }

  /**
   * Removes the object at the path, if it still is that one.
   *
   * @param uid of the object that is meant; empty: whichever has the name
   * @param resourceVersion as it was seen; empty: however it is by now
   */
  public void delete(String path, String uid, String resourceVersion)
      throws ApiFailure, InterruptedException {
    ObjectNode options =
        JSON.createObjectNode().put("kind", "DeleteOptions").put("apiVersion", "v1");
    if (!uid.isEmpty()) {
      options.withObject("/preconditions").put("uid", uid);
    }
    if (!resourceVersion.isEmpty()) {
      options.withObject("/preconditions").put("resourceVersion", resourceVersion);
    }
    answer("DELETE", path, sending("DELETE", path, ALL, options));
  }

  /**
   * Gives every object of the collection, page by page, to {@code each}, one at a time. What is
   * selected by a field is asked of the server's cache, as it may be a moment old: to find it
   * elsewhere the server would read all objects of the kind, for each node that asks.
   *
   * @return the resource version to watch from
   */
  public String list(ApiCollection collection, Consumer<JsonNode> each)
      throws ApiFailure, InterruptedException {
    var parameters = new TreeMap<String, String>(Map.of("limit", String.valueOf(PAGE)));
    if (collection.isOfField()) {
      parameters.put("resourceVersion", "0");
    }
    while (true) {
      var path = collection.query(parameters);
      var page = page(path, accept(collection, "PartialObjectMetadataList"), each);
      if (page.next().isEmpty()) {
        return page.resourceVersion();
      }
      parameters.remove("resourceVersion"); // the rest is of the version that the first page has
      parameters.put("continue", page.next());
    }
  }

  /** The first {@code most} objects of the collection: servers keep them in the order of names. */
  public List<JsonNode> first(ApiCollection collection, int most)
      throws ApiFailure, InterruptedException {
    var found = new ArrayList<JsonNode>();
    var path = collection.query(Map.of("limit", String.valueOf(most)));
    page(path, accept(collection, "PartialObjectMetadataList"), found::add);
    return found;
  }

  /**
   * What the server prints of the objects of the collection, as it was a moment ago: a row of each,
   * without the object (meta.k8s.io/v1, Table). Far less than the objects themselves.
   */
  public ApiTable table(ApiCollection collection) throws ApiFailure, InterruptedException {
    var path = collection.query(Map.of("includeObject", "None", "resourceVersion", "0"));
    return ApiTable.of(answer("GET", path, request(path, as("Table")).GET()));
  }

  private record Page(String resourceVersion, String next) {}

  private Page page(String path, String accept, Consumer<JsonNode> each)
      throws ApiFailure, InterruptedException {
    var call = "GET " + path;
    try (var body = new Bounded(body(call, request(path, accept).GET(), false), MAX_PAGE, silence);
        var parser = JSON.createParser(body)) {
      var metadata = JSON.createObjectNode();
      while (parser.nextToken() != null) {
        if (parser.currentToken() != JsonToken.FIELD_NAME) {
          continue;
        }
        var name = parser.currentName();
        var value = parser.nextToken();
        if (name.equals("metadata") && value == JsonToken.START_OBJECT) {
          metadata = parser.readValueAsTree();
        } else if (name.equals("items") && value == JsonToken.START_ARRAY) {
          while (parser.nextToken() == JsonToken.START_OBJECT) {
            each.accept(parser.readValueAsTree());
          }
        } else {
          parser.skipChildren();
        }
      }
      return new Page(
          metadata.path("resourceVersion").asText(""), metadata.path("continue").asText(""));
    } catch (IOException e) {
      throw new ApiFailure(call, "the answer cannot be read: " + words(e), e);
    }
  }

  /**
   * Begins a watch; the caller reads it and closes it.
   *
   * @param resourceVersion to go on from
   * @param most after which the server ends it
   */
  ApiStream watch(ApiCollection collection, String resourceVersion, Duration most)
      throws ApiFailure, InterruptedException {
    var path =
        collection.query(
            Map.of(
                "watch",
                "true",
                "allowWatchBookmarks",
                "true",
                "resourceVersion",
                resourceVersion,
                "timeoutSeconds",
                String.valueOf(most.toSeconds())));
    var call = "GET " + path;
    return new ApiStream(
        call, body(call, request(path, accept(collection, "PartialObjectMetadata")).GET(), true));
  }

  private static String accept(ApiCollection collection, String as) {
    return collection.metadataOnly() ? as(as) : ALL;
  }

  private static String as(String kind) {
    return "application/json;g=meta.k8s.io;v=v1;as=" + kind + "," + ALL;
  }

  private HttpRequest.Builder sending(String method, String path, String type, JsonNode body) {
    return request(path, ALL)
        .header("Content-Type", type)
        .method(method, BodyPublishers.ofString(body.toString()));
  }

  /** The timeout is of the head of the answer; what follows is bounded by the reader. */
  private HttpRequest.Builder request(String path, String accept) {
    return HttpRequest.newBuilder(access.server().resolve(base() + path))
        .timeout(answer)
        .header("Accept", accept)
        .header("User-Agent", "weft");
  }

  /** The server may be behind a path: {@code https://host/k8s/clusters/c-1}. */
  private String base() {
    var path = access.server().getPath();
    return path == null || path.equals("/") ? "" : path;
  }

  private JsonNode answer(String method, String path, HttpRequest.Builder request)
      throws ApiFailure, InterruptedException {
    var call = method + " " + path;
    try (var body = bounded(body(call, request, false))) {
      return JSON.readTree(body);
    } catch (IOException e) {
      throw new ApiFailure(call, "the answer cannot be read: " + words(e), e);
    }
  }

  private Bounded bounded(InputStream body) {
    return new Bounded(body, MAX_ANSWER, silence);
  }

  private synchronized void count(Optional<Integer> status) {
    calls =
        status
            .map(code -> calls.withStatus(code, System.nanoTime()))
            .orElseGet(calls::withoutAnswer);
  }

  /** Of an answer that is no refusal; the caller closes it. */
  private InputStream body(String call, HttpRequest.Builder request, boolean isWatch)
      throws ApiFailure, InterruptedException {
    try {
      var answer = underWay.send(request, isWatch);
      count(Optional.of(answer.head().statusCode()));
      if (answer.head().statusCode() / 100 == 2) {
        return answer.body();
      }
      try (var body = bounded(answer.body())) {
        throw refused(call, answer.head(), body.readAllBytes());
      }
    } catch (IOException e) {
      count(Optional.empty());
      throw new ApiFailure(
          call, "no answer of " + access.server() + ": " + words(e) + transport.unusable(), e);
    }
  }

  private ApiFailure refused(String call, HttpResponse<?> response, byte[] body) {
    JsonNode status = JSON.createObjectNode();
    try {
      status = Optional.ofNullable(JSON.readTree(body)).orElse(status);
    } catch (IOException _) {
      // Something in between may answer in words of its own; the number is what counts.
    }
    var wait =
        response
            .headers()
            .firstValue("Retry-After")
            .filter(text -> text.matches("[0-9]{1,6}"))
            .map(text -> Math.min(Integer.parseInt(text), MAX_RETRY_AFTER_SECONDS))
            .map(Duration::ofSeconds);
    return new ApiFailure(
        call,
        response.statusCode(),
        status.path("reason").asText(""),
        response.statusCode() == UNAUTHORIZED ? unknown(status) : status.path("message").asText(""),
        wait);
  }

  /** Whoever comes with a certificate that has run out is unknown to the server. */
  private String unknown(JsonNode status) {
    return status.path("message").asText("the server does not know who asks")
        + transport.unusable();
  }

  /** What an {@code ERROR} of a watch says. */
  static ApiFailure refused(String call, JsonNode status) {
    return new ApiFailure(
        call,
        status.path("code").asInt(ApiFailure.NO_ANSWER),
        status.path("reason").asText(""),
        status.path("message").asText(""),
        Optional.empty());
  }

  static String words(IOException e) {
    return e instanceof JsonProcessingException json
        ? "not JSON: " + json.getOriginalMessage()
        : e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }

  /** Ends all calls that are under way. */
  @Override
  public void close() {
    if (open.getAndSet(false)) {
      underWay.end();
      transport.close();
    }
  }
}
