package io.weft.kubernetes.api;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** A stream of which so much is read and no more: what comes from outside has a limit. */
final class Bounded extends FilterInputStream {
  private final int most;
  private long read;

  Bounded(InputStream in, int most) {
    super(in);
    this.most = most;
  }

  @Override
  public int read() throws IOException {
    int octet = super.read();
    count(octet < 0 ? 0 : 1);
    return octet;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    int got = super.read(into, offset, length);
    count(Math.max(0, got));
    return got;
  }

  private void count(int octets) throws IOException {
    read += octets;
    if (read > most) {
      throw new IOException("it is longer than " + most + " octets");
    }
  }
}
