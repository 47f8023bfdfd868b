package io.weft.linux.netlink;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.ffi.Errno;
import io.weft.linux.ffi.Libc;
import io.weft.linux.ffi.LinuxConstants;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.ffi.SocketAddress;
import io.weft.net.MalformedInput;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.BufferOverflowException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.function.Consumer;

/**
 * One netlink socket with its buffers, of rtnetlink or another protocol. It stays in the namespace
 * in which it was opened. One owner at a time; no thread in particular.
 */
public final class NetlinkSocket implements AutoCloseable {
  /** The kernel's dumps come in pieces of at most 32 KiB. */
  private static final int BUFFER = 64 * 1024;

  /** Measured: 64 to 256 messages per send are the fastest; more overflow the socket's queue. */
  private static final int BATCH = 128;

  private static final int BATCH_OCTETS = BUFFER / 2;

  /** Without it 512 failing messages, or a burst of notices, are more than the queue holds. */
  public static final int RECEIVE_BUFFER = 4 * 1024 * 1024;

  private static final int DUMP_ATTEMPTS = 20;

  private final Descriptor socket;
  private final Buffers buffers;
  private final boolean ownsBuffers;
  private final MemorySegment sending;
  private final MemorySegment receiving;
  private final MessageWriter writer;
  private int sequence = 1;

  private NetlinkSocket(Descriptor socket, Buffers buffers, boolean ownsBuffers) {
    this.socket = socket;
    this.buffers = buffers;
    this.ownsBuffers = ownsBuffers;
    this.sending = buffers.sending;
    this.receiving = buffers.receiving;
    this.writer = buffers.writer;
  }

  /**
   * What is sent and received; sockets of one owner may share it. To close it waits for every
   * thread of the process: not for what is opened often.
   */
  public static final class Buffers implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final MemorySegment sending = arena.allocate(BUFFER, 8);
    private final MemorySegment receiving = arena.allocate(BUFFER, 8);
    private final MessageWriter writer = new MessageWriter(sending.asByteBuffer());

    @Override
    public void close() {
      arena.close();
    }
  }

  /** For rtnetlink, in the calling thread's namespace. */
  static NetlinkSocket open() {
    return open(LinuxConstants.NETLINK_ROUTE);
  }

  /** As {@link #open()}, with buffers that outlive it. */
  static NetlinkSocket open(Buffers buffers) {
    return open(LinuxConstants.NETLINK_ROUTE, buffers);
  }

  /**
   * In the calling thread's namespace.
   *
   * @param protocol NETLINK_* (linux/netlink.h)
   */
  public static NetlinkSocket open(int protocol) {
    return new NetlinkSocket(openDescriptor(protocol, 0, RECEIVE_BUFFER), new Buffers(), true);
  }

  /** As {@link #open(int)}, with buffers that outlive it. */
  public static NetlinkSocket open(int protocol, Buffers buffers) {
    return new NetlinkSocket(openDescriptor(protocol, 0, RECEIVE_BUFFER), buffers, false);
  }

  /** Opens, sets and binds a socket; without CAP_NET_ADMIN with a smaller queue. */
  public static Descriptor openDescriptor(int protocol, int groups, int receiveBuffer) {
    var socket = Libc.socket(LinuxConstants.AF_NETLINK, LinuxConstants.SOCK_RAW, protocol);
    try {
      for (int option :
          new int[] {
            LinuxConstants.NETLINK_CAP_ACK,
            LinuxConstants.NETLINK_EXT_ACK,
            LinuxConstants.NETLINK_GET_STRICT_CHK
          }) {
        Libc.check(
            Libc.setsockopt(socket, LinuxConstants.SOL_NETLINK, option, 1),
            "setsockopt",
            "netlink option " + option);
      }
      int level = LinuxConstants.SOL_SOCKET;
      if (Libc.setsockopt(socket, level, LinuxConstants.SO_RCVBUFFORCE, receiveBuffer) < 0) {
        Libc.check(
            Libc.setsockopt(socket, level, LinuxConstants.SO_RCVBUF, receiveBuffer),
            "setsockopt",
            "SO_RCVBUF");
      }
      Libc.bind(socket, SocketAddress.netlink(groups));
      return socket;
    } catch (RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  /**
   * Carries out the requests in order; a refused one does not stop the others.
   *
   * @return one outcome per request, in their order; empty: done
   * @throws LinuxException when the socket itself fails: then nothing is known of the batch
   */
  List<Optional<Failure>> execute(List<? extends Request> requests) {
    var outcomes =
        new ArrayList<Optional<Failure>>(
            Collections.nCopies(requests.size(), Optional.<Failure>empty()));
    int from = 0;
    while (from < requests.size()) {
      from = executeBatch(requests, from, outcomes);
    }
    return outcomes;
  }

  /** One send: failing messages answer by themselves, the last one always. Returns what is next. */
  private int executeBatch(
      List<? extends Request> requests, int from, List<Optional<Failure>> outcomes) {
    writer.clear();
    int first = sequence;
    int next = from;
    int last = 0;
    while (next < requests.size() && next - from < BATCH && writer.size() < BATCH_OCTETS) {
      last = RequestCodec.write(writer, requests.get(next++), sequence++);
    }
    writer.orFlags(last, Uapi.NLM_F_ACK);
    send();
    int count = next - from;
    var answered = new boolean[1];
    while (!answered[0]) {
      for (var message : receive()) {
        int index = message.sequence() - first;
        if (message.type() == Uapi.NLMSG_ERROR && index >= 0 && index < count) {
          failure(requests.get(from + index), message)
              .ifPresent(failure -> outcomes.set(from + index, Optional.of(failure)));
          answered[0] |= index == count - 1;
        }
      }
    }
    return next;
  }

  private static Optional<Failure> failure(Request request, Message message) {
    return decoded(
        () ->
            message.errno() == 0
                ? Optional.empty()
                : Optional.of(
                    new Failure(request, new Errno(message.errno()), message.extendedAck())));
  }

  /**
   * One message of a transaction.
   *
   * @param flags besides NLM_F_REQUEST
   */
  public record Part(int type, int flags, Consumer<MessageWriter> body) {}

  /**
   * Sends messages that take effect together or not at all, between a first and a last one that say
   * so (linux/netfilter/nfnetlink.h), all in one datagram.
   *
   * @throws LinuxException the first refusal, EMSGSIZE for more than one datagram holds; nothing
   *     was changed then
   */
  public void transact(String what, List<Part> parts) {
    int first = sequence;
    int acknowledged = first + parts.size() - 2;
    try {
      write(parts, acknowledged);
    } catch (BufferOverflowException e) {
      throw new LinuxException(
          "change", what, Errno.EMSGSIZE, "more than " + BUFFER + " octets at once");
    }
    send();
    var refusal = Optional.<LinuxException>empty();
    boolean over = false;
    while (!over) {
      for (var message : receive()) {
        int index = message.sequence() - first;
        if (message.type() == Uapi.NLMSG_ERROR && index >= 0 && index < parts.size()) {
          refusal = refusal.or(() -> refusal("change", what, message));
          // A refusal of the first message is one of the whole, and may be the only answer.
          over |= message.sequence() == acknowledged || index == 0;
        }
      }
    }
    if (refusal.isPresent()) {
      throw refusal.get();
    }
  }

  private void write(List<Part> parts, int acknowledged) {
    writer.clear();
    for (var part : parts) {
      boolean last = sequence == acknowledged;
      int flags = Uapi.NLM_F_REQUEST | part.flags() | (last ? Uapi.NLM_F_ACK : 0);
      int at = writer.begin(part.type(), flags, sequence++);
      part.body().accept(writer);
      writer.end(at);
    }
  }

  /** What reads one message of an answer. */
  public interface Decoder<T> {
    T decode(Message message) throws MalformedInput;
  }

  /**
   * Reads a whole table; again from the start when it changed meanwhile (NLM_F_DUMP_INTR).
   *
   * @throws LinuxException EBUSY when it did so twenty times in a row
   */
  public <T> List<T> dump(
      String what, int type, Consumer<MessageWriter> body, Decoder<Optional<T>> decoder) {
    return dump(what, type, body, decoder, (_, _) -> true);
  }

  /**
   * Likewise, but passes rows over.
   *
   * @param kept whether a row is to be kept, given how many are already
   */
  public <T> List<T> dump(
      String what,
      int type,
      Consumer<MessageWriter> body,
      Decoder<Optional<T>> decoder,
      BiPredicate<Integer, T> kept) {
    for (int attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
      var rows = new ArrayList<T>();
      Rows taken =
          message ->
              decoder
                  .decode(message)
                  .filter(row -> kept.test(rows.size(), row))
                  .ifPresent(rows::add);
      if (dumpOnce(what, type, body, taken)) {
        return rows;
      }
    }
    throw new LinuxException("dump", what, Errno.EBUSY, "the table changed all the while");
  }

  private interface Rows {
    void take(Message message) throws MalformedInput;
  }

  private boolean dumpOnce(String what, int type, Consumer<MessageWriter> body, Rows rows) {
    int asked = ask(type, Uapi.NLM_F_DUMP, body);
    boolean consistent = true;
    while (true) {
      for (var message : receive()) {
        if (message.sequence() != asked) {
          continue;
        }
        consistent &= (message.flags() & Uapi.NLM_F_DUMP_INTR) == 0;
        if (message.type() == Uapi.NLMSG_DONE || message.type() == Uapi.NLMSG_ERROR) {
          refuse("dump", what, message);
          return consistent;
        }
        decoded(
            () -> {
              rows.take(message);
              return true;
            });
      }
    }
  }

  /** Asks for one thing; the answer is that thing, or a refusal. */
  public <T> T get(String what, int type, Consumer<MessageWriter> body, Decoder<T> decoder) {
    int asked = ask(type, 0, body);
    while (true) {
      for (var message : receive()) {
        if (message.sequence() == asked) {
          if (message.type() == Uapi.NLMSG_ERROR) {
            refuse("get", what, message);
          }
          return decoded(() -> decoder.decode(message));
        }
      }
    }
  }

  private int ask(int type, int flags, Consumer<MessageWriter> body) {
    writer.clear();
    int asked = sequence++;
    int at = writer.begin(type, Uapi.NLM_F_REQUEST | flags, asked);
    body.accept(writer);
    writer.end(at);
    send();
    return asked;
  }

  private static void refuse(String operation, String what, Message message) {
    var refusal = refusal(operation, what, message);
    if (refusal.isPresent()) {
      throw refusal.get();
    }
  }

  private static Optional<LinuxException> refusal(String operation, String what, Message message) {
    int errno = decoded(message::errno);
    return errno == 0
        ? Optional.empty()
        : Optional.of(
            new LinuxException(operation, what, new Errno(errno), decoded(message::extendedAck)));
  }

  private void send() {
    Libc.check(Libc.send(socket, sending.asSlice(0, writer.size())), "send", "netlink");
  }

  private List<Message> receive() {
    int length;
    do {
      length = Libc.recv(socket, receiving, 0);
    } while (length == -Errno.EINTR.number());
    Libc.check(length, "recv", "netlink");
    return split(receiving, length);
  }

  public static List<Message> split(MemorySegment buffer, int length) {
    return decoded(() -> Message.split(buffer.asSlice(0, length).asByteBuffer()));
  }

  public interface Decoding<T> {
    T run() throws MalformedInput;
  }

  /** What the kernel sends has its layout, or this build does not fit the kernel: an error. */
  public static <T> T decoded(Decoding<T> decoding) {
    try {
      return decoding.run();
    } catch (MalformedInput e) {
      var text = e.getMessage();
      throw new LinuxException("decode", "netlink", Errno.EBADMSG, text == null ? "" : text);
    }
  }

  @Override
  public void close() {
    socket.close();
    if (ownsBuffers) {
      buffers.close();
    }
  }
}
