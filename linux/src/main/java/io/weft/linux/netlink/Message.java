package io.weft.linux.netlink;

import io.weft.net.MalformedInput;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * A netlink message as it stands in the receive buffer; valid until the next receive.
 *
 * @param body what follows the header, in the machine's byte order
 */
public record Message(int type, int flags, int sequence, ByteBuffer body) {

  /** Takes a datagram apart: 4 length | 2 type | 2 flags | 4 sequence | 4 port | body, padded. */
  static List<Message> split(ByteBuffer datagram) throws MalformedInput {
    var in = datagram.duplicate().order(ByteOrder.nativeOrder());
    var messages = new ArrayList<Message>();
    while (in.remaining() >= Uapi.NLMSG_HEADER) {
      int at = in.position();
      int length = in.getInt(at);
      if (length < Uapi.NLMSG_HEADER || length > in.remaining()) {
        throw new MalformedInput(
            "netlink message at " + at + ": length " + length + ", " + in.remaining() + " left");
      }
      var body = slice(in, at + Uapi.NLMSG_HEADER, length - Uapi.NLMSG_HEADER);
      messages.add(
          new Message(
              in.getShort(at + 4) & 0xffff, in.getShort(at + 6) & 0xffff, in.getInt(at + 8), body));
      in.position(Math.min(in.limit(), at + align(length)));
    }
    return messages;
  }

  /** Refuses a body that is shorter than the fixed part of its type. */
  ByteBuffer fixed(String struct, int length) throws MalformedInput {
    if (body.limit() < length) {
      throw new MalformedInput(struct + " needs " + length + " octets, has " + body.limit());
    }
    return body;
  }

  /** The attributes behind a fixed part. */
  public Attributes attributes(int fixedLength) throws MalformedInput {
    if (fixedLength < 0 || fixedLength > body.limit()) {
      throw new MalformedInput(
          "attributes behind octet " + fixedLength + " of a body of " + body.limit());
    }
    int from = Math.min(body.limit(), align(fixedLength));
    return Attributes.of(slice(body, from, body.limit() - from));
  }

  /** Error number of an NLMSG_ERROR or NLMSG_DONE: 0 or a positive errno. */
  int errno() throws MalformedInput {
    return -fixed("struct nlmsgerr", 4).getInt(0);
  }

  /**
   * The kernel's words in an NLMSG_ERROR: 4 error | 16 header of the request | the request unless
   * NLM_F_CAPPED | attributes if NLM_F_ACK_TLVS.
   */
  String extendedAck() throws MalformedInput {
    if ((flags & Uapi.NLM_F_ACK_TLVS) == 0) {
      return "";
    }
    int echoed =
        (flags & Uapi.NLM_F_CAPPED) != 0
            ? Uapi.NLMSG_HEADER
            : fixed("struct nlmsgerr", 20).getInt(4);
    var attributes = attributes(4 + echoed);
    var text = new StringBuilder(attributes.text(Uapi.NLMSGERR_ATTR_MSG).orElse(""));
    attributes
        .u32(Uapi.NLMSGERR_ATTR_MISS_TYPE)
        .ifPresent(
            type ->
                text.append(text.isEmpty() ? "" : ", ").append("missing attribute ").append(type));
    attributes
        .u32(Uapi.NLMSGERR_ATTR_OFFS)
        .ifPresent(at -> text.append(text.isEmpty() ? "" : ", ").append("at octet ").append(at));
    return text.toString();
  }

  static int align(int length) {
    return length + 3 & ~3;
  }

  static ByteBuffer slice(ByteBuffer buffer, int from, int length) {
    return buffer.slice(from, length).order(ByteOrder.nativeOrder());
  }
}
