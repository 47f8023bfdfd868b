package io.weft.lab.topology;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Topologies for tests. */
public final class Topologies {
  /** The demo, as it stands in the repository. */
  public static final Path TWO_RACKS = Path.of("..", "examples", "two-racks.yaml");

  private Topologies() {}

  public static Topology twoRacks() {
    return good(twoRacksText());
  }

  public static String twoRacksText() {
    try {
      return Files.readString(TWO_RACKS);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static Topology good(String text) {
    return switch (TopologyReader.read("t.yaml", text.getBytes(StandardCharsets.UTF_8))) {
      case TopologyReading.Good(var topology) -> topology;
      case TopologyReading.Bad(var problems) -> throw new AssertionError(problems.toString());
    };
  }
}
