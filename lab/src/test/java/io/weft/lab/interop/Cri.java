package io.weft.lab.interop;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * One call of the Container Runtime Interface at a time, as kubelet makes it: gRPC over HTTP/2 (RFC
 * 9113) on a Unix socket, with a connection for each call. Just enough of both for calls with one
 * request and one answer.
 */
final class Cri {
  private static final String SERVICE = "/runtime.v1.RuntimeService/";
  private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

  /** Frame types and flags (RFC 9113 §6). */
  private static final int DATA = 0;

  private static final int HEADERS = 1;
  private static final int RST_STREAM = 3;
  private static final int SETTINGS = 4;
  private static final int PING = 6;
  private static final int GOAWAY = 7;
  private static final int ACK = 1;
  private static final int END_STREAM = 1;
  private static final int END_HEADERS = 4;

  /** In front of each message: not compressed, and its length. */
  private static final int GRPC_PREFIX = 5;

  private Cri() {}

  /** A message of Protocol Buffers: to write, field by field, or what was read. */
  static final class Message {
    private static final int VARINT = 0;
    private static final int LENGTH = 2;

    private final ByteArrayOutputStream octets = new ByteArrayOutputStream();

    Message number(int field, long value) {
      varint((long) field << 3 | VARINT);
      varint(value);
      return this;
    }

    Message text(int field, String value) {
      return octets(field, value.getBytes(StandardCharsets.UTF_8));
    }

    Message message(int field, Message value) {
      return octets(field, value.octets.toByteArray());
    }

    Message map(int field, Map<String, String> values) {
      values.forEach((key, value) -> message(field, new Message().text(1, key).text(2, value)));
      return this;
    }

    private Message octets(int field, byte[] value) {
      varint((long) field << 3 | LENGTH);
      varint(value.length);
      octets.writeBytes(value);
      return this;
    }

    private void varint(long value) {
      long rest = value;
      while (rest > 0x7f) {
        octets.write((int) (rest & 0x7f | 0x80));
        rest >>>= 7;
      }
      octets.write((int) rest);
    }

    /** The last value of a field, as text; empty where it is not said. */
    String text(int field) throws IOException {
      return new String(find(field).orElse(new byte[0]), StandardCharsets.UTF_8);
    }

    /** The last value of a field, as message; an empty one where it is not said. */
    Message message(int field) throws IOException {
      var message = new Message();
      message.octets.writeBytes(find(field).orElse(new byte[0]));
      return message;
    }

    /** The value of a field, as number; 0 where it is not said. */
    long number(int field) throws IOException {
      return find(field).map(value -> ByteBuffer.wrap(value).getLong()).orElse(0L);
    }

    private Optional<byte[]> find(int field) throws IOException {
      var in = ByteBuffer.wrap(octets.toByteArray());
      var found = Optional.<byte[]>empty();
      while (in.hasRemaining()) {
        long key = read(in);
        byte[] value;
        switch ((int) (key & 7)) {
          case VARINT -> value = ByteBuffer.allocate(Long.BYTES).putLong(read(in)).array();
          case LENGTH -> {
            value = new byte[(int) read(in)];
            in.get(value);
          }
          default -> throw new IOException("field " + (key >> 3) + " is of type " + (key & 7));
        }
        if (key >> 3 == field) {
          found = Optional.of(value);
        }
      }
      return found;
    }

    private static long read(ByteBuffer in) {
      long value = 0;
      for (int shift = 0; ; shift += 7) {
        byte octet = in.get();
        value |= (long) (octet & 0x7f) << shift;
        if (octet >= 0) {
          return value;
        }
      }
    }
  }

  /**
   * Makes a call.
   *
   * @throws IOException when it is refused; the reason stands in containerd's log
   */
  static Message call(Path socket, String method, Message request) throws IOException {
    try (var channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(socket));
      var out = new ByteArrayOutputStream();
      out.writeBytes(PREFACE.getBytes(StandardCharsets.US_ASCII));
      frame(out, SETTINGS, 0, 0, new byte[0]);
      frame(out, HEADERS, END_HEADERS, 1, headers(method));
      var body = request.octets.toByteArray();
      var prefixed = ByteBuffer.allocate(GRPC_PREFIX + body.length);
      frame(out, DATA, END_STREAM, 1, prefixed.put((byte) 0).putInt(body.length).put(body).array());
      write(channel, out);
      return answer(channel, method);
    }
  }

  private static Message answer(SocketChannel channel, String method) throws IOException {
    var in = new DataInputStream(Channels.newInputStream(channel));
    var answer = new ByteArrayOutputStream();
    boolean ended = false;
    while (!ended) {
      int head = in.readInt();
      int flags = in.readUnsignedByte();
      int stream = in.readInt();
      var payload = in.readNBytes(head >>> 8);
      switch (head & 0xff) {
        case DATA -> answer.writeBytes(payload);
        case SETTINGS, PING -> acknowledge(channel, head & 0xff, flags, payload);
        case RST_STREAM, GOAWAY -> throw new IOException(method + ": the connection is closed");
        default -> {} // headers and windows: there is but one small answer
      }
      ended = stream == 1 && (flags & END_STREAM) != 0 && (head & 0xff) <= HEADERS;
    }
    if (answer.size() < GRPC_PREFIX) {
      throw new IOException(method + " is refused");
    }
    var message = new Message();
    message.octets.write(answer.toByteArray(), GRPC_PREFIX, answer.size() - GRPC_PREFIX);
    return message;
  }

  private static void acknowledge(SocketChannel channel, int type, int flags, byte[] payload)
      throws IOException {
    if ((flags & ACK) == 0) {
      var out = new ByteArrayOutputStream();
      frame(out, type, ACK, 0, type == PING ? payload : new byte[0]);
      write(channel, out);
    }
  }

  private static void write(SocketChannel channel, ByteArrayOutputStream octets)
      throws IOException {
    var out = ByteBuffer.wrap(octets.toByteArray());
    while (out.hasRemaining()) {
      channel.write(out);
    }
  }

  private static void frame(
      ByteArrayOutputStream out, int type, int flags, int stream, byte[] payload) {
    out.writeBytes(ByteBuffer.allocate(4).putInt(payload.length << 8 | type).array());
    out.write(flags);
    out.writeBytes(ByteBuffer.allocate(4).putInt(stream).array());
    out.writeBytes(payload);
  }

  /** Each as a literal with a new name, which is not kept (RFC 7541 §6.2.2). */
  private static byte[] headers(String method) {
    var out = new ByteArrayOutputStream();
    var fields =
        new String[][] {
          {":method", "POST"},
          {":scheme", "http"},
          {":path", SERVICE + method},
          {":authority", "localhost"},
          {"content-type", "application/grpc"},
          {"te", "trailers"}
        };
    for (var field : fields) {
      out.write(0);
      for (var text : field) {
        out.write(text.length());
        out.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
      }
    }
    return out.toByteArray();
  }
}
