package io.weft.agent.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.control.ControlServer.CallRefused;
import io.weft.agent.control.ControlServer.Handler;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ControlServerTest {
  @TempDir private Path directory;

  private static final Map<String, Handler> HANDLERS =
      Map.of(
          "echo", ControlServerTest::echo,
          "no",
              _ -> {
                throw new CallRefused("NOT_TODAY", "come back tomorrow");
              },
          "broken",
              _ -> {
                throw new IllegalStateException("a defect");
              });

  private static ObjectNode echo(JsonNode request) {
    return JsonNodeFactory.instance.objectNode().put("text", request.path("text").asText());
  }

  private Path path() {
    return directory.resolve("new/agent.sock");
  }

  private static JsonNode echo(ControlClient client, String text) throws IOException {
    return client.call(ControlClient.request("echo").put("text", text));
  }

  @Test
  void oneConnectionCarriesManyCallsAlsoRefusedOnes() throws Exception {
    try (var _ = ControlServer.open(path(), HANDLERS);
        var client = ControlClient.connect(path())) {
      assertThat(echo(client, "größer").toString()).isEqualTo("{\"ok\":true,\"text\":\"größer\"}");
      var refused = client.call(ControlClient.request("no"));
      assertThat(refused.path("ok").asBoolean()).isFalse();
      assertThat(refused.path("error").path("reason").asText()).isEqualTo("NOT_TODAY");
      assertThat(refused.path("error").path("message").asText()).isEqualTo("come back tomorrow");
      var unknown = client.call(ControlClient.request("fly"));
      assertThat(unknown.path("error").path("message").asText())
          .contains("'fly'")
          .contains("broken, echo, no");
      var defect = client.call(ControlClient.request("broken"));
      assertThat(defect.path("error").path("reason").asText()).isEqualTo("DEFECT");
      assertThat(echo(client, "still there").path("ok").asBoolean()).isTrue();
    }
  }

  @Test
  void whatIsNotJsonIsAnsweredAndLinesMayComeTogetherOrInPieces() throws Exception {
    try (var _ = ControlServer.open(path(), HANDLERS);
        var raw = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      raw.connect(UnixDomainSocketAddress.of(path()));
      write(raw, "{not json}\n{\"call\":\"echo\",\"text\":\"1\"}\n{\"call\":\"ec");
      write(raw, "ho\",\"text\":\"2\"}\n[]\n");
      assertThat(line(raw)).contains("INVALID_REQUEST");
      assertThat(line(raw)).isEqualTo("{\"ok\":true,\"text\":\"1\"}");
      assertThat(line(raw)).isEqualTo("{\"ok\":true,\"text\":\"2\"}");
      assertThat(line(raw)).contains("UNKNOWN_CALL");
    }
  }

  private static void write(SocketChannel channel, String text) throws IOException {
    channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static String line(SocketChannel channel) throws IOException {
    var text = new StringBuilder();
    var one = ByteBuffer.allocate(1);
    while (channel.read(one) == 1) {
      char c = (char) one.flip().get();
      one.clear();
      if (c == '\n') {
        return text.toString();
      }
      text.append(c);
    }
    return text + " and then the end";
  }

  @Test
  void aLongRequestIsTakenAndATooLongOneEndsTheConnection() throws Exception {
    try (var _ = ControlServer.open(path(), HANDLERS)) {
      try (var client = ControlClient.connect(path())) {
        var text = "x".repeat(500_000);
        assertThat(echo(client, text).path("text").asText()).isEqualTo(text);
      }
      try (var client = ControlClient.connect(path())) {
        assertThatThrownBy(() -> echo(client, "x".repeat(2 * ControlServer.MAX_REQUEST)))
            .isInstanceOf(IOException.class);
      }
      try (var client = ControlClient.connect(path())) {
        assertThat(echo(client, "others go on").path("ok").asBoolean()).isTrue();
      }
    }
  }

  @Test
  void moreThanTheLimitOfConnectionsWaitForOneToEnd() throws Exception {
    try (var _ = ControlServer.open(path(), HANDLERS)) {
      var clients = new ArrayList<ControlClient>();
      for (int i = 0; i < ControlServer.MAX_CONNECTIONS; i++) {
        var client = ControlClient.connect(path());
        clients.add(client);
        echo(client, "occupied");
      }
      var late = ControlClient.connect(path());
      var answer =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return echo(late, "late");
                } catch (IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              });
      assertThat(answer.isDone()).isFalse();
      clients.removeFirst().close();
      assertThat(answer.get(60, TimeUnit.SECONDS).path("text").asText()).isEqualTo("late");
      for (var client : clients) {
        client.close();
      }
      late.close();
    }
  }

  @Test
  void theSocketIsForRootAloneAndGoesAtTheEnd() throws Exception {
    try (var _ = ControlServer.open(path(), HANDLERS)) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path())))
          .isEqualTo("rw-------");
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path().getParent())))
          .isEqualTo("rwx------");
    }
    assertThat(path()).doesNotExist();
  }

  @Test
  void aSocketInUseIsRefusedAndOneLeftOverIsReplaced() throws Exception {
    try (var _ = ControlServer.open(path(), HANDLERS)) {
      assertThatThrownBy(() -> ControlServer.open(path(), HANDLERS))
          .isInstanceOf(IOException.class)
          .hasMessage("another agent answers on " + path() + "; stop it first");
    }
    try (var dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      dead.bind(UnixDomainSocketAddress.of(path()));
    }
    assertThat(path()).as("left over").exists();
    try (var _ = ControlServer.open(path(), HANDLERS);
        var client = ControlClient.connect(path())) {
      assertThat(echo(client, "new").path("ok").asBoolean()).isTrue();
    }
  }

  @Test
  void whatIsNoSocketIsNotDeleted() throws Exception {
    var file = Files.writeString(directory.resolve("precious"), "text");
    assertThatThrownBy(() -> ControlServer.open(file, HANDLERS))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("not a socket");
    assertThat(file).hasContent("text");
    assertThatThrownBy(() -> ControlServer.open(file.resolve("below"), HANDLERS))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("precious");
    var tooLong = directory.resolve("a".repeat(120));
    assertThatThrownBy(() -> ControlServer.open(tooLong, HANDLERS))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(tooLong.toString());
  }

  @Test
  void aClientSaysWhereNobodyAnswers() {
    assertThatThrownBy(() -> ControlClient.connect(path()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no agent answers on " + path())
        .hasMessageContaining("weft node");
  }
}
