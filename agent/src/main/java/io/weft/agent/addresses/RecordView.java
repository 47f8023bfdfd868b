package io.weft.agent.addresses;

import io.weft.agent.addresses.ApiStore.Known;
import io.weft.kubernetes.api.ResourceVersions;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The objects of one kind as a watch tells them, corrected by what this process knows of its own
 * calls: a watch may say only later what an answer has said already, and then says first how it was
 * before. Of two versions of an object the later one counts. Where that cannot be told, a name is
 * doubtful until the server is asked for it.
 */
final class RecordView {
  /** What an answer said: an object, or that the one of this version has gone. */
  private record Answer(Known known, boolean gone) {}

  private final TreeMap<String, Answer> answers = new TreeMap<>();
  private final TreeSet<String> doubtful = new TreeSet<>();
  private SortedMap<String, Known> watched = new TreeMap<>();
  private boolean listed;

  // A call is about one object.
  private String name = "";

  /** Since the call began, the watch has said something of the object. */
  private boolean touched;

  // ---- the watch --------------------------------------------------------------------------

  void listed(SortedMap<String, Known> objects) {
    watched = new TreeMap<>(objects);
    listed = true;
    touched = true;
    for (var each : List.copyOf(answers.entrySet())) {
      var seen = Optional.ofNullable(watched.get(each.getKey()));
      if (seen.isPresent()) {
        settle(each.getKey(), seen.get());
      } else if (each.getValue().gone() && isLater(each.getValue())) {
        answers.remove(each.getKey());
      }
      if (answers.containsKey(each.getKey()) && !each.getValue().gone()) {
        doubtful.add(each.getKey()); // the list is older, or the object has gone since
      }
    }
  }

  /** The list that was told is of a time when the object had been there already. */
  private boolean isLater(Answer answer) {
    return watched.values().stream()
        .anyMatch(each -> ResourceVersions.compare(each.version(), answer.known().version()) > 0);
  }

  void changed(String key, Known object) {
    touched |= key.equals(name);
    watched.put(key, object);
    settle(key, object);
  }

  /** An answer that the watch has caught up with is not needed any more. */
  private void settle(String key, Known seen) {
    var answer = answers.get(key);
    if (answer != null) {
      int order = ResourceVersions.compare(seen.version(), answer.known().version());
      if (order > 0 || order == 0 && !answer.gone()) {
        answers.remove(key);
      }
    }
  }

  void removed(String key) {
    touched |= key.equals(name);
    var last = Optional.ofNullable(watched.remove(key));
    var answer = answers.get(key);
    if (answer != null && !answer.gone()) {
      doubtful.add(key); // it, or the one that had the name before
    } else if (answer != null && last.equals(Optional.of(answer.known()))) {
      answers.remove(key);
    }
  }

  /** True once the watch has told all objects. */
  boolean isListed() {
    return listed;
  }

  // ---- calls ------------------------------------------------------------------------------

  /** A call about the object begins; one at a time. */
  void begin(String object) {
    name = object;
    touched = false;
  }

  /** The call's answer: the object as it is. */
  void learn(Known known) {
    doubtful.remove(name);
    answers.put(name, new Answer(known, false));
    Optional.ofNullable(watched.get(name)).ifPresent(seen -> settle(name, seen));
    if (touched && answers.containsKey(name)) {
      doubtful.add(name);
    }
  }

  /** The call's answer: the object, as it was known, has gone. */
  void learnGone() {
    doubtful.remove(name);
    var last = known(name);
    if (last.isPresent()) {
      answers.put(name, new Answer(last.get(), true));
    } else {
      answers.remove(name);
    }
  }

  /** Whatever is known of the object may be wrong. */
  void doubt(String object) {
    doubtful.add(object);
  }

  /** Names that the server must be asked for. */
  List<String> doubtful() {
    return List.copyOf(doubtful);
  }

  // ---- what is known ----------------------------------------------------------------------

  /** The object as it was known last, whether it has gone or not. */
  private Optional<Known> known(String key) {
    var answer = Optional.ofNullable(answers.get(key)).map(Answer::known);
    return answer.or(() -> Optional.ofNullable(watched.get(key)));
  }

  /** The object, if it is there. */
  Optional<Known> find(String key) {
    var answer = answers.get(key);
    return answer != null && answer.gone() ? Optional.empty() : known(key);
  }

  /** All objects that are there, by name. */
  SortedMap<String, Known> objects() {
    var objects = new TreeMap<>(watched);
    answers.forEach(
        (key, answer) -> {
          if (answer.gone()) {
            objects.remove(key);
          } else {
            objects.put(key, answer.known());
          }
        });
    return Collections.unmodifiableSortedMap(objects);
  }
}
