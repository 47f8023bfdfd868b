package io.weft.lab.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weft.lab.check.UnderlayCheck;
import io.weft.lab.fabric.FabricPlanner;
import io.weft.lab.process.LabDirectory;
import io.weft.lab.process.LabFailure;
import io.weft.lab.topology.Topologies;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The fabric alone, without agents. */
final class LabTest {
  private static final String NAME = "weft-test-" + ProcessHandle.current().pid();

  @TempDir private Path files;

  @BeforeEach
  void needsRoot() {
    Machine.requireRoot();
  }

  @Test
  void buildsARoutedFabricAndLeavesNothingBehind() throws Exception {
    var file = Machine.twoRacks(files, NAME);
    try (var lab = Lab.open(file, Lab.read(file))) {
      try {
        assertThat(lab.clear()).as("something to clear").isFalse();
        var running = lab.build();
        var result = new UnderlayCheck().run(running);
        assertThat(result.ok()).as(result.detail()).isTrue();
        try (var netlink = Rtnetlink.openIn(NAME + "-a1")) {
          assertThat(netlink.neighbours(netlink.requireLink("eth0").index()))
              .filteredOn(n -> n.address().isIpv4())
              .as("on its link a node sees its ToR and no other host")
              .allMatch(n -> n.address().toString().equals("100.64.0.4"));
        }
      } finally {
        lab.remove();
      }
    }
    Machine.assertNothingLeft(NAME);
  }

  @Test
  void clearsWhatACrashHasLeft() throws Exception {
    var file = Machine.twoRacks(files, NAME);
    try (var lab = Lab.open(file, Lab.read(file))) {
      lab.build();
    }
    try (var lab = Lab.open(file, Lab.read(file))) {
      try {
        assertThat(lab.clear()).isTrue();
        lab.build();
        lab.keep();
        assertThatThrownBy(lab::clear).isInstanceOf(LabFailure.class).hasMessageContaining("is up");
      } finally {
        lab.remove();
      }
    }
    Machine.assertNothingLeft(NAME);
  }

  @Test
  void leavesANamespaceAloneThatItHasNotMade() throws Exception {
    var foreign = NAME + "-a1";
    NetworkNamespaces.create(foreign);
    try {
      var file = Machine.twoRacks(files, NAME);
      try (var lab = Lab.open(file, Lab.read(file))) {
        assertThatThrownBy(lab::build)
            .isInstanceOf(LabFailure.class)
            .hasMessageContaining("there is a network namespace " + foreign + " already");
        lab.remove();
      }
      assertThat(NetworkNamespaces.exists(foreign)).isTrue();
    } finally {
      NetworkNamespaces.deleteIfExists(foreign);
    }
    Machine.assertNothingLeft(NAME);
  }

  @Test
  void oneCommandAtATime() throws Exception {
    var directory = new LabDirectory(NAME);
    try (var _ = LabLock.take(directory)) {
      assertThatThrownBy(() -> LabLock.take(directory))
          .isInstanceOf(LabFailure.class)
          .hasMessageContaining("another command works on the lab");
    }
    try (var _ = LabLock.take(directory)) {
      assertThat(directory.lock()).exists();
    }
    Machine.assertNothingLeft(NAME);
  }

  @Test
  void knowsItsOwnNamespacesFromThoseOfOthers() {
    var record =
        LabRecord.of(
            FabricPlanner.plan(Topologies.twoRacks()),
            Path.of("x.yaml"),
            new LabDirectory("two-racks"));
    assertThat(List.of("two-racks-a1", "two-racks-a1-weft-red", "two-racks-check-red-net"))
        .allMatch(record::owns);
    assertThat(List.of("two-racks-a9", "two-racks-2-a1", "a1", "two-racks-a1-x", "weft-red"))
        .noneMatch(record::owns);
  }

  @Test
  void aRecordThatIsNotWholeIsNone() throws IOException {
    var directory = new LabDirectory(NAME);
    try {
      Files.createDirectories(directory.path());
      Files.writeString(directory.record(), "{\"name\": ");
      assertThat(LabRecord.read(directory)).isEmpty();
    } finally {
      directory.delete();
      LabDirectory.deleteRootIfEmpty();
    }
  }
}
