package io.weft.simulation;

import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.IntPredicate;

/** Who has which MAC or address, and on which node, by the number of a network or tenant. */
final class Places<T extends Comparable<? super T>> {
  /** Those of one number. */
  private static final class Group<T> {
    final Map<T, Pods.Pod> pods = new LinkedHashMap<>();

    /** How many there are on each node. */
    final Map<Integer, Integer> counts = new TreeMap<>();
  }

  /** A row that says where something is; {@code right}: it is there. */
  record Said<T>(Shared.Row row, int number, T what, boolean right) {}

  private final Map<Integer, Group<T>> groups = new TreeMap<>();

  void add(int number, T what, Pods.Pod pod) {
    var group = groups.computeIfAbsent(number, _ -> new Group<>());
    group.counts.merge(pod.node(), 1, Integer::sum);
    var before = group.pods.put(what, pod);
    if (before != null) {
      group.counts.merge(before.node(), -1, Integer::sum);
    }
  }

  Optional<Pods.Pod> find(int number, T what) {
    return group(number).map(group -> group.pods.get(what));
  }

  private Optional<Group<T>> group(int number) {
    return Optional.ofNullable(groups.get(number));
  }

  /**
   * Tells of rows that are not right, in the order of their keys, and of what has these numbers, is
   * on nodes that are meant, and of which no row says where. Rows that are right say each of
   * another thing: what is missing is looked for where they are too few.
   */
  void compare(
      List<Said<T>> rows,
      Collection<Integer> numbers,
      IntPredicate nodes,
      Consumer<Said<T>> wrong,
      Missing.Taker<T> missing) {
    rows.stream()
        .filter(said -> !said.right)
        .sorted(Comparator.comparing(said -> said.row.key()))
        .forEach(wrong);
    long right = rows.stream().filter(said -> said.right && numbers.contains(said.number)).count();
    if (right != count(numbers, nodes)) {
      var left = all(numbers, nodes);
      rows.forEach(said -> left.remove(said.number, said.what));
      left.forEach(missing);
    }
  }

  private int count(Collection<Integer> numbers, IntPredicate nodes) {
    return numbers.stream()
        .flatMap(number -> group(number).stream())
        .flatMap(group -> group.counts.entrySet().stream())
        .filter(onNode -> nodes.test(onNode.getKey()))
        .mapToInt(Map.Entry::getValue)
        .sum();
  }

  private Missing<T> all(Collection<Integer> numbers, IntPredicate nodes) {
    var all = new Missing<T>();
    for (int number : numbers) {
      group(number)
          .ifPresent(
              group ->
                  group.pods.forEach(
                      (what, pod) -> {
                        if (nodes.test(pod.node())) {
                          all.add(number, what);
                        }
                      }));
    }
    return all;
  }
}
