package io.weft.agent.kernel;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.ffi.Readiness;
import io.weft.linux.netlink.NetlinkSocket;
import io.weft.overlay.node.NodeEvent.GroupsSeen;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** What all tenants' tables of one thread have together. */
final class Shared implements AutoCloseable {
  private final NetlinkSocket.Buffers buffers = new NetlinkSocket.Buffers();
  private final DescriptorBudget budget = new DescriptorBudget();
  private final Readiness readiness = new Readiness();
  private final List<GroupsSeen> left = new ArrayList<>();
  private int given;

  NetlinkSocket.Buffers buffers() {
    return buffers;
  }

  DescriptorBudget budget() {
    return budget;
  }

  /** A number for one tenant, of {@link #watch}. */
  int number() {
    return given++;
  }

  /** The tenant has something to do when the socket has something to read; until it is closed. */
  void watch(Descriptor socket, int tenant) {
    readiness.add(socket, tenant);
  }

  /** The numbers of the tenants that have something to do now. */
  BitSet told() {
    return readiness.ready();
  }

  /** A namespace goes that told of groups which ports have joined. */
  void leave(List<GroupsSeen> groups) {
    left.addAll(groups);
  }

  /** What {@link #leave} said since the last call. */
  List<GroupsSeen> takeLeft() {
    var taken = List.copyOf(left);
    left.clear();
    return taken;
  }

  @Override
  public void close() {
    readiness.close();
    buffers.close();
  }
}
