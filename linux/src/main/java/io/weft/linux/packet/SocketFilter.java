package io.weft.linux.packet;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.ffi.Libc;
import io.weft.linux.ffi.LinuxConstants;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Programs that the kernel runs on each packet of a socket (linux/filter.h): what they refuse costs
 * nothing here.
 */
final class SocketFilter {
  /** BPF_LD | BPF_B | BPF_ABS. */
  static final int LOAD = 0x30;

  /** BPF_LD | BPF_H | BPF_ABS. */
  static final int LOAD_16 = 0x28;

  /** BPF_JMP | BPF_JEQ | BPF_K. */
  static final int EQUAL = 0x15;

  /** BPF_RET | BPF_K. */
  static final int END = 0x06;

  /** SKF_AD_OFF + SKF_AD_PKTTYPE: where the packet type is loaded from. */
  static final int PACKET_TYPE = 0xffff_f004;

  private SocketFilter() {}

  /**
   * From now on only what the program accepts gets in.
   *
   * @param program struct sock_filter: code, jump if true, jump if false, operand
   */
  static void attach(Descriptor socket, int[][] program) {
    try (var memory = Arena.ofConfined()) {
      var octets = ByteBuffer.allocate(8 * program.length).order(ByteOrder.nativeOrder());
      for (var line : program) {
        octets.putShort((short) line[0]).put((byte) line[1]).put((byte) line[2]).putInt(line[3]);
      }
      var code =
          memory.allocate(octets.capacity(), 8).copyFrom(MemorySegment.ofArray(octets.array()));
      // struct sock_fprog: 2 length | 6 unused | 8 pointer
      var whole =
          ByteBuffer.allocate(16)
              .order(ByteOrder.nativeOrder())
              .putShort(0, (short) program.length)
              .putLong(8, code.address());
      Libc.check(
          Libc.setsockopt(
              socket.number(),
              LinuxConstants.SOL_SOCKET,
              LinuxConstants.SO_ATTACH_FILTER,
              whole.array()),
          "setsockopt",
          "SO_ATTACH_FILTER");
    }
  }
}
