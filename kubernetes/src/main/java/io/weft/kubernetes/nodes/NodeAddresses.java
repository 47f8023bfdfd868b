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
 * nothing happens, which each watching node would be told of. So Nodes are read once; then the
 * server is asked now and then for the table that {@code kubectl get nodes -o wide} shows, of some
 * hundred octets a node, and only those are read that are new in it, or have another first address.
 */
public final class NodeAddresses implements AutoCloseable {
  /** Addresses that are known at most; of further nodes by name none is. */
  public static final int MOST = 32_768;

  /** Of one node at most; its further ones are not known. */
  static final int MOST_OF_NODE = 16;

  /** With each look so many Nodes are read at most; of the others the first address is known. */
  private static final int READ_AT_ONCE = 100;

  /** All are read again at each of so many looks: a further address may have come. */
  private static final int LOOKS_PER_READING = 60;

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
   * What is known of a node.
   *
   * @param row its first addresses, as they are printed
   */
  private record Known(Row row, List<IpAddress> addresses) {}

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
  private final Consumer<SortedSet<IpAddress>> consumer;
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile List<String> problems = List.of();

  // Of its thread alone.
  private final SortedMap<String, Known> nodes = new TreeMap<>();
  private Optional<SortedSet<IpAddress>> told = Optional.empty();
  private int looks;

  private NodeAddresses(ApiClient client, String self, Consumer<SortedSet<IpAddress>> consumer) {
    this.client = client;
    this.self = self;
    this.consumer = consumer;
  }

  /**
   * Begins to look, and keeps looking until it is closed.
   *
   * @param client stays the caller's
   * @param self name of the node whose own addresses are left out
   * @param consumer takes all of them when they are read first, and when they are others; on a
   *     thread of its own
   */
  public static NodeAddresses start(
      ApiClient client, String self, Consumer<SortedSet<IpAddress>> consumer) {
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
    var wait = AFTER_FAILURE;
    try {
      if (looks % LOOKS_PER_READING == 0) {
        readAll();
      } else {
        readChanged(client.table(ALL));
      }
      looks++;
      tell();
      wait = PER_NODE.multipliedBy(nodes.size());
      wait = wait.compareTo(SHORTEST) < 0 ? SHORTEST : wait.compareTo(LONGEST) > 0 ? LONGEST : wait;
    } catch (ApiFailure failure) {
      problems = List.of("Kubernetes API: addresses of nodes: " + failure.getMessage());
      if (failure.retryAfter().filter(asked -> asked.compareTo(AFTER_FAILURE) > 0).isPresent()) {
        wait = failure.retryAfter().get().multipliedBy(2);
      }
    }
    return Duration.ofMillis(
        ThreadLocalRandom.current().nextLong(wait.toMillis() / 2, wait.toMillis() + 1));
  }

  private void readAll() throws ApiFailure, InterruptedException {
    var found = new TreeMap<String, Known>();
    client.list(ALL, object -> found.put(name(object), known(object)));
    nodes.clear();
    nodes.putAll(found);
  }

  private void readChanged(ApiTable table) throws ApiFailure, InterruptedException {
    var printed = new TreeMap<String, Row>();
    for (var row : table.rows()) {
      printed.put(
          row.getOrDefault("Name", ""),
          new Row(row.getOrDefault("Internal-IP", NONE), row.getOrDefault("External-IP", NONE)));
    }
    nodes.keySet().retainAll(printed.keySet());
    int read = 0;
    for (var each : printed.entrySet()) {
      var before = nodes.get(each.getKey());
      if (before != null && before.row().equals(each.getValue())) {
        continue;
      }
      if (read++ < READ_AT_ONCE) {
        client.list(
            ALL.where("metadata.name", each.getKey()),
            object -> nodes.put(name(object), known(object)));
      } else if (before == null) {
        // Not as its row is: so it is read at one of the next looks.
        nodes.put(each.getKey(), new Known(new Row("", ""), each.getValue().addresses()));
      }
    }
  }

  private static String name(JsonNode object) {
    return object.at("/metadata/name").asText();
  }

  private static Known known(JsonNode object) {
    var row = new Row(first(object, INTERNAL), first(object, EXTERNAL));
    return new Known(row, SpeakerNode.allOf(object).stream().limit(MOST_OF_NODE).toList());
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
    if (!told.equals(Optional.of(addresses))) {
      told = Optional.of(addresses);
      consumer.accept(Collections.unmodifiableSortedSet(addresses));
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
