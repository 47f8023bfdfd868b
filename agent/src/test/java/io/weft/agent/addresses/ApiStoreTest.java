package io.weft.agent.addresses;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.apiserver.ApiServer;
import io.weft.kubernetes.api.ApiAccess;
import io.weft.kubernetes.api.ApiClient;
import io.weft.kubernetes.api.KeptObjects;
import io.weft.kubernetes.schema.Definition;
import io.weft.kubernetes.schema.ResourceSchemas;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.overlay.ipam.AddressBlock;
import io.weft.overlay.ipam.AddressClaim;
import io.weft.overlay.ipam.AddressClaim.Holder;
import io.weft.overlay.ipam.AddressRecord;
import io.weft.overlay.ipam.AddressWrite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The API as the store, before a server that does what API servers do to clients. */
final class ApiStoreTest extends AddressStoreContract {
  private static final ObjectMapper JSON = new ObjectMapper();

  private ApiServer server;
  private ApiClient client;
  private ScheduledExecutorService timer;

  @BeforeEach
  void begin() throws Exception {
    server = ApiServer.start();
    ResourceSchemas.all().forEach(kind -> server.define(yaml(Definition.yaml(kind))));
    client = client(server);
    timer = Executors.newSingleThreadScheduledExecutor();
  }

  private static ApiClient client(ApiServer server) throws IOException {
    return new ApiClient(
        new ApiAccess(server.uri(), Optional.empty(), new ApiAccess.Identity.Anonymous()));
  }

  @AfterEach
  void end() {
    client.close();
    server.close();
    timer.shutdownNow();
  }

  static ObjectNode yaml(String text) {
    return JSON.valueToTree(new Load(LoadSettings.builder().build()).loadFromString(text));
  }

  @Override
  AddressStore open() {
    return ApiStore.open(client, timer, "n1", Optional.empty());
  }

  /** Lost answers, watches that end, history that is forgotten, a server that is slow. */
  @Override
  void trouble(Random random) {
    switch (random.nextInt(40)) {
      case 0 -> server.fail(1 + random.nextInt(2));
      case 1 -> server.cutWatches();
      case 2 -> {
        server.compact();
        server.cutWatches();
      }
      case 3 -> server.latency(Duration.ofMillis(random.nextInt(4)));
      default -> {}
    }
  }

  @Test
  void anAnswerThatIsLostIsFoundOut() throws Exception {
    var block = StoreWriter.block(1, "n1");
    var claim = StoreWriter.claim(1);
    var held = claim.with(new Holder("n1", "a"));
    try (var store = open()) {
      store.read();
      server.fail(1);
      assertThat(store.write(new AddressWrite.Create(block))).isTrue();
      assertThat(own(store, block).record()).isEqualTo(block);
      server.fail(1);
      assertThat(store.write(new AddressWrite.Create(claim))).isTrue();
      server.fail(2);
      assertThat(store.write(new AddressWrite.Replace(held, own(store, claim).version()))).isTrue();
      assertThat(own(store, claim).record()).isEqualTo(held);
      server.fail(1);
      assertThat(store.write(new AddressWrite.Remove(held, own(store, claim).version()))).isTrue();
      assertThat(find(store.read(), claim)).isEmpty();
    }
  }

  @Test
  void aLostAnswerDoesNotMakeAnothersRecordOurs() throws Exception {
    try (var one = open();
        var two = open()) {
      one.read();
      assertThat(two.write(new AddressWrite.Create(StoreWriter.block(1, "n2")))).isTrue();
      server.fail(1);
      var mine = StoreWriter.block(1, "n1");
      assertThat(one.write(new AddressWrite.Create(mine))).isFalse();
      assertThat(own(one, mine).record()).isEqualTo(StoreWriter.block(1, "n2"));
    }
  }

  @Test
  void whileTheServerIsAwayItIsReadAsItWasAndWritesFailInWords() throws Exception {
    var block = StoreWriter.block(1, "n1");
    var next = StoreWriter.block(2, "n1");
    try (var store = open()) {
      assertThat(store.write(new AddressWrite.Create(block))).isTrue();
      store.read();
      server.away(true);
      assertThatThrownBy(() -> store.write(new AddressWrite.Create(next)))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("POST /apis/weft.io/v1alpha1/addressblocks")
          .hasMessageContaining("no answer of " + server.uri());
      // What became of that write is not known: so it is not said what there is.
      assertThatThrownBy(store::read).isInstanceOf(IOException.class);
      server.away(false);
      assertThat(find(store.read(), next)).isEmpty();
      assertThat(store.write(new AddressWrite.Create(next))).isTrue();
      await(store, state -> state.blocks().size() == 2 && store.problems().isEmpty());
    }
  }

  @Test
  void withoutWritesItIsReadWhileTheServerIsAway() throws Exception {
    var block = StoreWriter.block(1, "n1");
    try (var store = open()) {
      assertThat(store.write(new AddressWrite.Create(block))).isTrue();
      store.read();
      server.away(true);
      await(store, _ -> store.problems().size() == 2);
      assertThat(store.problems().getFirst())
          .startsWith("Kubernetes API: AddressBlock: what was read before stays in force: GET ");
      assertThat(own(store, block).record()).isEqualTo(block);
    }
  }

  @Test
  void changesThatWereMissedAreSeenAfterTheHistoryIsForgotten() throws Exception {
    try (var one = open();
        var two = open()) {
      for (int i = 0; i < 5; i++) {
        assertThat(one.write(new AddressWrite.Create(StoreWriter.block(i, "n1")))).isTrue();
      }
      await(two, state -> state.blocks().size() == 5);
      server.away(true);
      await(two, _ -> !two.problems().isEmpty());
      server.put(object(StoreWriter.block(7, "n2")));
      server.compact();
      server.away(false);
      await(two, state -> state.blocks().size() == 6);
    }
  }

  private static ObjectNode object(AddressRecord record) {
    var document = RecordJson.document(record, "");
    document.withObject("/metadata").remove("resourceVersion");
    return document;
  }

  @Test
  void aClaimMadeByHandNeedsOnlyNetworkAndAddresses() throws Exception {
    server.put(
        yaml(
            "{kind: AddressClaim, metadata: {name: vm-7, labels: {of: me}}, spec: {network: web,"
                + " addresses: [10.0.0.7, 'fd00::7']}}"));
    var me = new Holder("n1", "vm");
    try (var store = open()) {
      var claim = store.read().claims().get("vm-7");
      assertThat(claim.record().mac()).hasToString("0a:58:0a:00:00:07");
      assertThat(claim.record().holders()).isEmpty();
      assertThat(store.write(new AddressWrite.Replace(claim.record().with(me), claim.version())))
          .isTrue();
      var held = store.read().claims().get("vm-7");
      assertThat(held.record().active()).contains(me);
      var object = client.get("/apis/weft.io/v1alpha1/addressclaims/vm-7");
      assertThat(object.at("/metadata/labels/of").asText()).as("stays").isEqualTo("me");
      assertThat(object.at("/spec/holders").toString())
          .isEqualTo("[{\"node\":\"n1\",\"endpoint\":\"vm\",\"active\":true}]");
    }
  }

  @Test
  void anObjectThatCannotBeUnderstoodIsNamedAndTheOthersHold() throws Exception {
    server.put(
        yaml(
            "{kind: AddressClaim, metadata: {name: bad}, spec: {network: web, addresses:"
                + " [10.0.0.300]}}"));
    server.put(
        yaml(
            "{kind: AddressBlock, metadata: {name: web.fd00-0---64}, spec: {network: web, prefix:"
                + " 'fd00:0::/64', node: n1}}"));
    var block = StoreWriter.block(1, "n1");
    try (var store = open()) {
      assertThat(store.write(new AddressWrite.Create(block))).isTrue();
      await(store, _ -> store.problems().size() == 2);
      assertThat(store.read().blocks()).containsOnlyKeys(block.name());
      assertThat(store.read().claims()).isEmpty();
      assertThat(store.problems().get(0))
          .isEqualTo(
              "Kubernetes API: AddressBlock web.fd00-0---64 is not used: its name should be"
                  + " web.fd00---64");
      assertThat(store.problems().get(1))
          .startsWith("Kubernetes API: AddressClaim bad is not used: ")
          .contains("10.0.0.300");
    }
  }

  @Test
  void aKindThatTheServerDoesNotKnowIsSaid() throws Exception {
    try (var bare = ApiServer.start();
        var other = client(bare);
        var store = ApiStore.open(other, timer, "n1", Optional.empty())) {
      assertThatThrownBy(store::read)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("does not know the kind Address")
          .hasMessageContaining("kubectl apply -f deploy/crds");
    }
  }

  /** Whoever may start pods makes claims; all pods need blocks. */
  @Test
  void claimsLeaveRoomForBlocks() throws Exception {
    for (int i = 0; i < AddressStore.MAX_CLAIMS; i++) {
      server.put(object(claim(i)));
    }
    try (var store = open()) {
      await(store, state -> state.claims().size() == AddressStore.MAX_CLAIMS);
      var claim = claim(AddressStore.MAX_CLAIMS);
      assertThatThrownBy(() -> store.write(new AddressWrite.Create(claim)))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("has 5000 claims, the most it may: 'weft addresses delete'");
      assertThat(store.write(new AddressWrite.Create(StoreWriter.block(1, "n1")))).isTrue();
    }
  }

  private static AddressClaim claim(int number) {
    return new AddressClaim(
        "shop.vm-" + number,
        "web",
        List.of(IpAddress.parse("10.1.%d.%d".formatted(number / 256, number % 256))),
        MacAddress.parse("02:00:00:00:%02x:%02x".formatted(number / 256, number % 256)),
        List.of(),
        Optional.empty());
  }

  /** A node that was off while somebody released its blocks. */
  @Test
  void blocksOfAnOldCopyAreNotUsed(@TempDir Path directory) throws Exception {
    var access = new ApiAccess(server.uri(), Optional.empty(), new ApiAccess.Identity.Anonymous());
    server.put(object(StoreWriter.block(1, "n1")));
    var file = directory.resolve("state/weft.io.v1alpha1.addressblocks.json");
    var claims = file.resolveSibling("weft.io.v1alpha1.addressclaims.json");
    var kept = KeptObjects.open(directory.resolve("state"), access);
    try (var store = ApiStore.open(client, timer, "n1", Optional.of(kept))) {
      await(store, state -> state.blocks().size() == 1);
      awaitText(claims, "");
      awaitText(file, "n1");
    }
    server.away(true);
    for (var each : List.of(file, claims)) {
      Files.setLastModifiedTime(each, FileTime.from(Instant.now().minusSeconds(1800)));
    }
    var again = KeptObjects.open(directory.resolve("state"), access);
    try (var store = ApiStore.open(client, timer, "n1", Optional.of(again))) {
      assertThat(store.read().blocks()).as("half an hour").hasSize(1);
    }
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(3700)));
    var late = KeptObjects.open(directory.resolve("state"), access);
    try (var store = ApiStore.open(client, timer, "n1", Optional.of(late))) {
      assertThatThrownBy(store::read).isInstanceOf(IOException.class);
      assertThat(late.problems().toString()).contains("addressblocks", "more than 1 h");
    }
  }

  /** What nobody knows is neither held nor free for the agent that starts with the copy. */
  @Test
  void whatTheNodeIsAboutToChangeIsNotItsOwnInTheCopy(@TempDir Path directory) throws Exception {
    var access = new ApiAccess(server.uri(), Optional.empty(), new ApiAccess.Identity.Anonymous());
    var here = new AddressClaim.Holder("n1", "vm-1");
    var there = new AddressClaim.Holder("n2", "vm-1");
    var both = claim(1).with(here).with(there);
    server.put(object(StoreWriter.block(1, "n1")));
    server.put(object(both));
    var blocks = directory.resolve("state/weft.io.v1alpha1.addressblocks.json");
    var claims = blocks.resolveSibling("weft.io.v1alpha1.addressclaims.json");
    var kept = KeptObjects.open(directory.resolve("state"), access);
    try (var store = ApiStore.open(client, timer, "n1", Optional.of(kept))) {
      await(store, state -> state.blocks().size() == 1 && state.claims().size() == 1);
      assertThat(store.isCopy()).isFalse();
      awaitText(blocks, "");
      awaitText(claims, "");
      var state = store.read();
      var block = state.blocks().firstEntry().getValue();
      var claim = state.claims().firstEntry().getValue();
      server.away(true);
      server.cutWatches();
      // Of both kinds: nothing confirms the copies any more.
      await("problems", () -> store.problems().size() >= 2);
      var old = FileTime.from(Instant.now().minusSeconds(600));
      Files.setLastModifiedTime(claims, old);
      for (var write :
          List.of(
              new AddressWrite.Replace(both.without(there), claim.version()),
              new AddressWrite.Remove(block.record(), block.version()))) {
        assertThatThrownBy(() -> store.write(write)).isInstanceOf(IOException.class);
      }
      assertThat(Files.getLastModifiedTime(claims).toMillis()).isEqualTo(old.toMillis());
    }
    var again = KeptObjects.open(directory.resolve("state"), access);
    try (var store = ApiStore.open(client, timer, "n1", Optional.of(again))) {
      var state = store.read();
      assertThat(store.isCopy()).isTrue();
      assertThat(state.blocks()).isEmpty();
      assertThat(state.claims().firstEntry().getValue().record())
          .isEqualTo(both.without(there).without(here));
      server.away(false);
      await(store, now -> now.claims().firstEntry().getValue().record().equals(both));
      await(store, now -> now.blocks().size() == 1);
      assertThat(store.isCopy()).isFalse();
      awaitText(claims, "\"endpoint\":\"vm-1\"");
    }
  }

  /** The answers are lost, and the watch tells of the objects before it is asked again. */
  @Test
  void whatTheNodeHasMadeIsInTheCopy(@TempDir Path directory) throws Exception {
    var access = new ApiAccess(server.uri(), Optional.empty(), new ApiAccess.Identity.Anonymous());
    var block = StoreWriter.block(1, "n1");
    var held = claim(1).with(new AddressClaim.Holder("n1", "vm-1"));
    var kept = KeptObjects.open(directory.resolve("state"), access);
    try (var store = ApiStore.open(client, timer, "n1", Optional.of(kept))) {
      store.read();
      for (var record : List.of(block, held)) {
        server.fail(1);
        assertThat(store.write(new AddressWrite.Create(record))).isTrue();
      }
      awaitText(directory.resolve("state/weft.io.v1alpha1.addressblocks.json"), block.name());
      awaitText(directory.resolve("state/weft.io.v1alpha1.addressclaims.json"), "\"vm-1\"");
    }
    server.away(true);
    var again = KeptObjects.open(directory.resolve("state"), access);
    try (var store = ApiStore.open(client, timer, "n1", Optional.of(again))) {
      assertThat(own(store, block).record()).isEqualTo(block);
      assertThat(own(store, held).record()).isEqualTo(held);
      assertThat(store.isCopy()).isTrue();
    }
  }

  private static void awaitText(Path file, String text) throws Exception {
    await(text + " in " + file, () -> Files.exists(file) && Files.readString(file).contains(text));
  }

  private static void await(String what, Callable<Boolean> condition) throws Exception {
    long until = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (!condition.call()) {
      assertThat(System.nanoTime()).as(what).isLessThan(until);
      Thread.sleep(10);
    }
  }

  @Test
  void moreThanItMayHoldIsRefused() throws Exception {
    for (int i = 0; i < AddressStore.MAX_RECORDS; i++) {
      server.put(
          object(
              new AddressBlock(
                  "web", IpPrefix.parse("10.%d.%d.0/24".formatted(i / 256, i % 256)), "n2")));
    }
    try (var store = open()) {
      await(store, state -> state.blocks().size() == AddressStore.MAX_RECORDS);
      var claim = StoreWriter.claim(1);
      assertThatThrownBy(() -> store.write(new AddressWrite.Create(claim)))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("has 10000 blocks and claims, the most it may");
    }
  }
}
