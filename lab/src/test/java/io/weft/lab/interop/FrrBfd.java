package io.weft.lab.interop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.nio.file.Path;

/** FRR's bfdd, and the zebra that it tells it of interfaces, in a namespace. */
record FrrBfd(FrrDaemons daemons) implements AutoCloseable {
  /** With the text of its configuration. */
  static FrrBfd start(String namespace, Path directory, String configuration)
      throws IOException, InterruptedException {
    return new FrrBfd(FrrDaemons.start(namespace, directory, "", frr -> frr.bfdd(configuration)));
  }

  /** What {@code show bfd peers json} says of one peer; missing when it has none. */
  JsonNode peer(IpAddress address) throws IOException, InterruptedException {
    for (var peer : daemons.vtysh("show bfd peers json")) {
      if (peer.path("peer").asText().equals(address.toString())) {
        return peer;
      }
    }
    return new ObjectMapper().missingNode();
  }

  @Override
  public void close() throws IOException {
    daemons.close();
  }
}
