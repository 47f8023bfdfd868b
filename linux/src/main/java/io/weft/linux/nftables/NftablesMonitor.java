package io.weft.linux.nftables;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.ffi.Errno;
import io.weft.linux.ffi.Libc;
import io.weft.linux.ffi.LinuxConstants;
import io.weft.linux.netlink.Message;
import io.weft.linux.netlink.NetlinkSocket;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.MalformedInput;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Predicate;

/**
 * Hears when somebody changes certain tables of a namespace, ourselves among them. Open it before
 * the table is read, so that nothing falls between.
 */
public final class NftablesMonitor implements AutoCloseable {
  private static final int BUFFER = 64 * 1024;

  /** Small: what is lost only means to look again. */
  private static final int RECEIVE_BUFFER = 256 * 1024;

  /** Datagrams at one look at most; the rest is for the next. */
  private static final int MAX_DATAGRAMS = 256;

  private final Predicate<String> tables;
  private final Descriptor socket;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment buffer = arena.allocate(BUFFER, 8);

  private NftablesMonitor(Predicate<String> tables, Descriptor socket) {
    this.tables = tables;
    this.socket = socket;
  }

  /** Of the calling thread's namespace. */
  public static NftablesMonitor open(String table) {
    return open(table::equals);
  }

  /** Of the calling thread's namespace, for the tables whose names fit. */
  public static NftablesMonitor open(Predicate<String> tables) {
    int group = 1 << NftUapi.NFNLGRP_NFTABLES - 1;
    return new NftablesMonitor(
        tables,
        NetlinkSocket.openDescriptor(LinuxConstants.NETLINK_NETFILTER, group, RECEIVE_BUFFER));
  }

  /** Of a namespace by name, or by path where the text has a slash. */
  public static NftablesMonitor openIn(String nameOrPath, String table) {
    return NetworkNamespaces.callIn(nameOrPath, () -> open(table));
  }

  /** Can be read when there is something to drain. */
  public Descriptor descriptor() {
    return socket;
  }

  /**
   * True when one of the tables was changed since the last call, or may have been; never blocks.
   */
  public boolean drain() {
    boolean changed = false;
    for (int i = 0; i < MAX_DATAGRAMS; i++) {
      int length = Libc.recv(socket, buffer, LinuxConstants.MSG_DONTWAIT);
      if (length == -Errno.EAGAIN.number()) {
        break;
      }
      if (length == -Errno.ENOBUFS.number()) {
        changed = true;
      } else if (length != -Errno.EINTR.number()) {
        Libc.check(length, "recv", "nftables notices");
        for (var message : NetlinkSocket.split(buffer, length)) {
          changed |= NetlinkSocket.decoded(() -> concerns(message));
        }
      }
    }
    return changed;
  }

  private boolean concerns(Message message) throws MalformedInput {
    boolean ofSubsystem = message.type() >> 8 == NftUapi.NFNL_SUBSYS_NFTABLES;
    return ofSubsystem && tables.test(TableCodec.tableOf(message));
  }

  @Override
  public void close() {
    socket.close();
    arena.close();
  }
}
