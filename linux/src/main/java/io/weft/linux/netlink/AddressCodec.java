package io.weft.linux.netlink;

import static io.weft.linux.ffi.LinuxConstants.AF_INET;
import static io.weft.linux.ffi.LinuxConstants.AF_INET6;
import static io.weft.linux.ffi.LinuxConstants.AF_UNSPEC;

import io.weft.net.MalformedInput;
import java.util.Optional;

/**
 * Addresses (linux/if_addr.h): struct ifaddrmsg = 1 family | 1 prefix length | 1 flags | 1 scope |
 * 4 index, then IFA_* attributes.
 */
final class AddressCodec {
  private static final int IFADDRMSG = 8;

  private AddressCodec() {}

  static void write(MessageWriter out, Address address) {
    var ip = address.address();
    int scope = ip.isLoopback() ? Uapi.RT_SCOPE_HOST : Uapi.RT_SCOPE_UNIVERSE;
    int flags = address.noDad() ? Uapi.IFA_F_NODAD : 0;
    out.u8(ip.isIpv4() ? AF_INET : AF_INET6).u8(address.prefixLength()).u8(flags).u8(scope);
    out.u32(address.link());
    out.attribute(Uapi.IFA_LOCAL, ip.octets());
    out.attribute(Uapi.IFA_ADDRESS, ip.octets());
  }

  /** Empty for a family other than IPv4 and IPv6. */
  static Optional<Address> read(Message message) throws MalformedInput {
    var fixed = message.fixed("struct ifaddrmsg", IFADDRMSG);
    var attributes = message.attributes(IFADDRMSG);
    int flags = attributes.u32(Uapi.IFA_FLAGS).orElse(fixed.get(2) & 0xff);
    int length = fixed.get(1) & 0xff;
    // IFA_ADDRESS is the other end of a point-to-point link; IFA_LOCAL, where given, is ours.
    var found = attributes.ip(Uapi.IFA_LOCAL).or(() -> attributes.ip(Uapi.IFA_ADDRESS));
    if (found.isEmpty()) {
      return Optional.empty();
    }
    var ip = found.get();
    if (length > ip.bits()) {
      throw new MalformedInput("address " + ip + " with prefix length " + length);
    }
    boolean noDad = !ip.isIpv4() && (flags & Uapi.IFA_F_NODAD) != 0;
    return Optional.of(new Address(fixed.getInt(4), ip, length, noDad));
  }

  static void writeDump(MessageWriter out) {
    out.u8(AF_UNSPEC).u8(0).u8(0).u8(0).u32(0);
  }
}
