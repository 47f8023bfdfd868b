package io.weft.linux.ffi;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.TestNamespaces;
import io.weft.linux.netns.MountChanges;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReadinessTest {
  private static BitSet numbers(int... set) {
    var numbers = new BitSet();
    for (int number : set) {
      numbers.set(number);
    }
    return numbers;
  }

  @Test
  void saysWhoHasSomethingToRead() {
    try (var readiness = new Readiness();
        var first = Libc.eventfd();
        var second = Libc.eventfd()) {
      var third = Libc.eventfd();
      readiness.add(first, 0);
      readiness.add(second, 70_000);
      readiness.add(third, 7);
      assertThat(readiness.ready()).isEqualTo(numbers());
      Libc.raise(second);
      Libc.raise(third);
      assertThat(readiness.ready()).isEqualTo(numbers(7, 70_000));
      assertThat(readiness.ready()).as("nobody has read it").isEqualTo(numbers(7, 70_000));
      third.close();
      assertThat(readiness.ready()).as("closed").isEqualTo(numbers(70_000));
    }
  }

  @Test
  void aNameOfANamespaceIsAMount() throws Exception {
    var namespaces = new TestNamespaces();
    try (var mounts = new MountChanges()) {
      namespaces.create();
      assertThat(mounts.happened()).as("a name is new").isTrue();
    } finally {
      namespaces.close();
    }
  }

  @Test
  void filesOfNumbersAreReadAgain() {
    try (var files = new NumberFiles()) {
      files.open(List.of("/proc/sys/kernel/pid_max", "/proc/sys/there/is/none"));
      files.open(List.of("/proc/sys/net/ipv4/conf/lo/tag"));
      assertThat(files.read()).hasSize(3).contains(NumberFiles.MISSING, 0);
      assertThat(files.read()[0]).isGreaterThan(300);
    }
  }
}
