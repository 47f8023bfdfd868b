package io.weft.kubernetes.nodes;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.kubernetes.api.ApiClient;
import io.weft.kubernetes.api.ApiCollection;
import io.weft.kubernetes.api.ApiFailure;
import io.weft.kubernetes.api.ApiTable;
import io.weft.net.IpAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The addresses of all other nodes of a cluster, of both families.
 *
 * <p>Made for thousands of nodes: a Node has 30 KB and more, and changes every five minutes where
 * nothing happens, which each watching node would be told of. So the server is asked now and then
 * for the table that {@code kubectl get nodes -o wide} shows, of some hundred octets a node, which
 * has the first addresses. With each look a portion of the Nodes themselves is read: those that are
 * new in the table, or have another first address, and of the others a few in turn.
 */
public final class NodeAddresses implements AutoCloseable {
  /** Addresses that are known at most; of further nodes by name none is. */
  public static final int MOST = 32_768;

  /** Of one node at most; its further ones are not known. */
  static final int MOST_OF_NODE = 16;

  /** With each look so many Nodes are read at most; of the others the first address is known. */
  static final int READ_AT_ONCE = 100;

  /** Within so many looks each is read again: a further address may have come. */
  private static final int LOOKS_PER_TURN = 240;

  /** Between two looks: so that the server prints so many rows a second for all who ask. */
  private static final Duration PER_NODE = Duration.ofMillis(100);

  private static final Duration SHORTEST = Duration.ofSeconds(5);
  private static final Duration LONGEST = Duration.ofMinutes(10);
  private static final Duration AFTER_FAILURE = Duration.ofSeconds(30);

  private static final String INTERNAL = "InternalIP";
  private static final String EXTERNAL = "ExternalIP";
  private static final String NONE = "<none>";

  /** Where an agent can run. */
  private static final ApiCollection ALL =
      ApiCollection.of("/api/v1/nodes").labelled("kubernetes.io/os", "linux");

  /**
   * What is known of all other nodes.
   *
   * @param complete false: not each of them was read yet, they may have further addresses
   */
  public record Found(SortedSet<IpAddress> addresses, boolean complete) {
    public Found {
      addresses = Collections.unmodifiableSortedSet(new TreeSet<>(addresses));
    }
  }

  /**
   * What is known of a node.
   *
   * @param row its first addresses, as they were printed when it was read; empty: it was not
   */
  private record Known(Optional<Row> row, List<IpAddress> addresses) {}

  private record Row(String internal, String external) {
    List<IpAddress> addresses() {
      var addresses = new ArrayList<IpAddress>();
      SpeakerNode.address(internal).ifPresent(addresses::add);
      SpeakerNode.address(external).ifPresent(addresses::add);
      return addresses;
    }
  }

  private final ApiClient client;
  private final String self;
  private final Consumer<Found> consumer;
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile List<String> problems = List.of();

  // Of its thread alone.
  private final SortedMap<String, Row> printed = new TreeMap<>();
  private final SortedMap<String, Known> nodes = new TreeMap<>();
  private Optional<Found> told = Optional.empty();

  /** Who was read last in turn. */
  private String turn = "";

  private int failures;

  private NodeAddresses(ApiClient client, String self, Consumer<Found> consumer) {
    this.client = client;
    this.self = self;
    this.consumer = consumer;
  }

  /**
   * Begins to look, and keeps looking until it is closed.
   *
   * @param client stays the caller's
   * @param self name of the node whose own addresses are left out
   * @param consumer takes what is known with the first look, and when that is other; on a thread of
   *     its own
   */
  public static NodeAddresses start(ApiClient client, String self, Consumer<Found> consumer) {
    var nodes = new NodeAddresses(client, self, consumer);
    Thread.ofVirtual().name("addresses of nodes").start(nodes::run);
    return nodes;
  }

  private void run() {
    try {
      while (!closed.await(look().toMillis(), TimeUnit.MILLISECONDS)) {}
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /** How long to wait before the next look; by chance, so that nodes do not come all at once. */
  private Duration look() throws InterruptedException {
    Duration wait;
    try {
      take(client.table(ALL));
      try {
        read();
      } finally {
        tell();
      }
      failures = 0;
      wait = PER_NODE.multipliedBy(nodes.size());
      wait = wait.compareTo(SHORTEST) < 0 ? SHORTEST : wait.compareTo(LONGEST) > 0 ? LONGEST : wait;
    } catch (ApiFailure failure) {
      problems = List.of("Kubernetes API: addresses of nodes: " + failure.getMessage());
      wait = afterFailure(++failures, failure.retryAfter());
    }
    return Duration.ofMillis(
        ThreadLocalRandom.current().nextLong(wait.toMillis() / 2, wait.toMillis() + 1));
  }

  /**
   * How long to wait, up to a half less.
   *
   * @param failures how many looks have failed one after the other
   * @param asked the server wants to be left alone for so long
   */
  static Duration afterFailure(int failures, Optional<Duration> asked) {
    var wait = AFTER_FAILURE;
    for (int i = 1; i < failures && wait.compareTo(LONGEST) < 0; i++) {
      wait = wait.multipliedBy(2);
    }
    wait = wait.compareTo(LONGEST) < 0 ? wait : LONGEST;
    var least = asked.orElse(Duration.ZERO).multipliedBy(2);
    return wait.compareTo(least) < 0 ? least : wait;
  }

  private void take(ApiTable table) {
    printed.clear();
    for (var row : table.rows()) {
      printed.put(
          row.getOrDefault("Name", ""),
          new Row(row.getOrDefault("Internal-IP", NONE), row.getOrDefault("External-IP", NONE)));
    }
    nodes.keySet().retainAll(printed.keySet());
    printed.forEach(
        (name, row) -> {
          var before = nodes.get(name);
          if (before == null || before.row().isEmpty()) {
            nodes.put(name, new Known(Optional.empty(), row.addresses()));
          }
        });
  }

  private void read() throws ApiFailure, InterruptedException {
    var changed =
        printed.entrySet().stream()
            .filter(each -> !isRead(each.getKey(), each.getValue()))
            .map(Map.Entry::getKey)
            .limit(READ_AT_ONCE)
            .toList();
    for (var name : changed) {
      read(name);
    }
    int share = (printed.size() + LOOKS_PER_TURN - 1) / LOOKS_PER_TURN;
    for (int i = 0; i < Math.min(share, READ_AT_ONCE - changed.size()); i++) {
      var rest = printed.tailMap(turn + '\0');
      turn = rest.isEmpty() ? printed.firstKey() : rest.firstKey();
      if (!changed.contains(turn)) {
        read(turn);
      }
    }
  }

  /** With these first addresses. */
  private boolean isRead(String name, Row row) {
    var known = nodes.get(name);
    return known != null && known.row().equals(Optional.of(row));
  }

  private void read(String name) throws ApiFailure, InterruptedException {
    client.list(ALL.where("metadata.name", name), object -> nodes.put(name(object), known(object)));
  }

  private static String name(JsonNode object) {
    return object.at("/metadata/name").asText();
  }

  private static Known known(JsonNode object) {
    var row = new Row(first(object, INTERNAL), first(object, EXTERNAL));
    return new Known(
        Optional.of(row), SpeakerNode.allOf(object).stream().limit(MOST_OF_NODE).toList());
  }

  /** As the server prints it. */
  private static String first(JsonNode object, String type) {
    for (var each : object.at("/status/addresses")) {
      if (each.path("type").asText().equals(type)) {
        return each.path("address").asText();
      }
    }
    return NONE;
  }

  private void tell() {
    var addresses = new TreeSet<IpAddress>();
    var without = new TreeSet<String>();
    nodes.forEach(
        (name, known) -> {
          if (addresses.size() + known.addresses().size() > MOST) {
            without.add(name);
          } else if (!name.equals(self)) {
            addresses.addAll(known.addresses());
          }
        });
    problems =
        without.isEmpty()
            ? List.of()
            : List.of(
                "the nodes of the cluster have more than %d addresses: those of %d nodes, '%s' the first of them, are not known"
                    .formatted(MOST, without.size(), without.first()));
    boolean complete = nodes.values().stream().allMatch(known -> known.row().isPresent());
    var found = new Found(addresses, complete);
    if (!told.equals(Optional.of(found))) {
      told = Optional.of(found);
      consumer.accept(found);
    }
  }

  /** Why what was told may be old or not all, a line each. */
  public List<String> problems() {
    return problems;
  }

  /** Ends the looking; a call that is under way ends with the client. */
  @Override
  public void close() {
    closed.countDown();
  }
}
