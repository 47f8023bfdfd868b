package io.weft.kubernetes.yaml;

import io.weft.kubernetes.yaml.YamlDocument.Flaw;
import io.weft.kubernetes.yaml.YamlNode.Entry;
import io.weft.kubernetes.yaml.YamlNode.Form;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.ReaderException;

/**
 * Makes documents of the events of the YAML library. Its own composer is not used: it accepts a key
 * twice, recurses as deep as the text says, and lets an alias stand inside what it stands for.
 */
final class YamlComposer {
  private static final Pattern INTEGER = Pattern.compile("[-+]?[0-9]+");
  private static final Pattern OTHER_NUMBER =
      Pattern.compile(
          "0x[0-9a-fA-F]+|0o[0-7]+|[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]+)?");
  private static final Pattern TRUTH = Pattern.compile("true|True|TRUE|false|False|FALSE");
  private static final Pattern NOTHING = Pattern.compile("|~|null|Null|NULL");

  /** A node and how many nodes it is with all aliases followed. */
  private record Sized(YamlNode node, int size) {}

  /** The file is refused as a whole. */
  private static final class Refused extends RuntimeException {
    final Place place;

    Refused(Place place, String message) {
      super(message, null, false, false);
      this.place = place;
    }

    String reason() {
      return String.valueOf(getMessage());
    }
  }

  private final String file;
  private final Iterator<Event> events;
  private final Map<String, Sized> anchors = new HashMap<>();
  private final List<Flaw> flaws = new ArrayList<>();
  private int aliased;

  private YamlComposer(String file, String text) {
    this.file = file;
    var settings =
        LoadSettings.builder()
            .setLabel(file)
            .setCodePointLimit(YamlDocument.MAX_FILE_OCTETS + 1)
            .build();
    this.events = new Parse(settings).parseString(text).iterator();
  }

  static YamlReading compose(String file, String text) {
    Place place;
    String message;
    try {
      return new YamlReading.Documents(new YamlComposer(file, text).documents());
    } catch (Refused e) {
      place = e.place;
      message = e.reason();
    } catch (MarkedYamlEngineException e) {
      place = placeOf(file, e.getProblemMark().or(e::getContextMark));
      message = "is not YAML: " + reasonOf(e);
    } catch (ReaderException e) {
      int end =
          text.offsetByCodePoints(
              0, Math.min(e.getPosition(), text.codePointCount(0, text.length())));
      place = YamlDocument.placeAfter(file, text.substring(0, end));
      message =
          "is not YAML: the character U+%04X is not allowed; remove it".formatted(e.getCodePoint());
    } catch (RuntimeException e) {
      // The library answers some texts with exceptions of the JDK (an escape beyond U+10FFFF). A
      // file is what a user may write, so whatever it provokes is the file's problem, not a crash.
      place = Place.of(file);
      message = "is not YAML: " + Spelling.shortened(String.valueOf(e.getMessage()));
    }
    return new YamlReading.Unreadable(new Problem(place, "", message));
  }

  private static String reasonOf(MarkedYamlEngineException e) {
    var context = e.getContext();
    var reason = context == null ? e.getProblem() : context + ": " + e.getProblem();
    return reason.replaceAll("\\s+", " ").strip();
  }

  private List<YamlDocument> documents() {
    var documents = new ArrayList<YamlDocument>();
    while (events.hasNext()) {
      var event = events.next();
      switch (event.getEventId()) {
        case DocumentStart -> {
          anchors.clear();
          flaws.clear();
        }
        case Scalar, MappingStart, SequenceStart, Alias -> {
          var root = node(event, 1).node();
          if (!isNothing(root)) {
            documents.add(new YamlDocument(root, flaws));
          }
        }
        case Comment, DocumentEnd, MappingEnd, SequenceEnd, StreamEnd, StreamStart -> {}
      }
    }
    return documents;
  }

  private static boolean isNothing(YamlNode root) {
    return root instanceof YamlNode.Scalar(_, var form, _) && form == Form.NOTHING;
  }

  private Sized node(Event event, int depth) {
    var place = placeOf(file, event.getStartMark());
    if (depth > YamlDocument.MAX_DEPTH) {
      throw new Refused(place, "is nested deeper than " + YamlDocument.MAX_DEPTH + " levels");
    }
    if (event instanceof AliasEvent alias) {
      return follow(alias, place);
    }
    var sized =
        switch (event) {
          case ScalarEvent scalar -> new Sized(scalar(scalar, place), 1);
          case CollectionStartEvent start when start.getEventId() == Event.ID.SequenceStart ->
              sequence(start, place, depth);
          case CollectionStartEvent start -> mapping(start, place, depth);
          default -> throw new IllegalStateException("not a node: " + event);
        };
    ((NodeEvent) event).getAnchor().ifPresent(anchor -> anchors.put(anchor.getValue(), sized));
    return sized;
  }

  private Sized follow(AliasEvent alias, Place place) {
    var name = alias.getAlias().getValue();
    var target = anchors.get(name);
    if (target == null) {
      throw new Refused(
          place,
          "the alias '*"
              + name
              + "' has no complete anchor before it in this document; write '&"
              + name
              + "' at what it stands for");
    }
    aliased += target.size();
    if (aliased > YamlDocument.MAX_ALIASED_NODES) {
      throw new Refused(
          place,
          "aliases stand for more than "
              + YamlDocument.MAX_ALIASED_NODES
              + " nodes; write them out");
    }
    return target;
  }

  private Sized sequence(CollectionStartEvent start, Place place, int depth) {
    checkTag(start.getTag(), "tag:yaml.org,2002:seq", place);
    var items = new ArrayList<YamlNode>();
    int size = 1;
    for (var event = events.next();
        event.getEventId() != Event.ID.SequenceEnd;
        event = events.next()) {
      var item = node(event, depth + 1);
      items.add(item.node());
      size += item.size();
    }
    return new Sized(new YamlNode.Sequence(place, items), size);
  }

  private Sized mapping(CollectionStartEvent start, Place place, int depth) {
    checkTag(start.getTag(), "tag:yaml.org,2002:map", place);
    var entries = new LinkedHashMap<String, Entry>();
    int size = 1;
    for (var event = events.next();
        event.getEventId() != Event.ID.MappingEnd;
        event = events.next()) {
      var keyPlace = placeOf(file, event.getStartMark());
      var key = node(event, depth + 1);
      var value = node(events.next(), depth + 1);
      size += key.size() + value.size();
      if (key.node() instanceof YamlNode.Scalar(_, _, var text)) {
        var first = entries.putIfAbsent(text, new Entry(text, keyPlace, value.node()));
        if (first != null) {
          flaw(
              keyPlace,
              "key '"
                  + Spelling.shortened(text)
                  + "' is already given at line "
                  + first.keyPlace().line());
        }
      } else {
        flaw(keyPlace, "a key must be text, not " + key.node().description());
      }
    }
    return new Sized(new YamlNode.Mapping(place, List.copyOf(entries.values())), size);
  }

  private YamlNode.Scalar scalar(ScalarEvent event, Place place) {
    checkTag(event.getTag(), "tag:yaml.org,2002:str", place);
    var text = event.getValue();
    boolean plain = event.isPlain() && event.getTag().isEmpty();
    return new YamlNode.Scalar(place, plain ? formOf(text) : Form.TEXT, text);
  }

  private static Form formOf(String text) {
    if (NOTHING.matcher(text).matches()) {
      return Form.NOTHING;
    } else if (TRUTH.matcher(text).matches()) {
      return Form.TRUTH;
    } else if (INTEGER.matcher(text).matches()) {
      return Form.INTEGER;
    }
    return OTHER_NUMBER.matcher(text).matches() ? Form.OTHER_NUMBER : Form.TEXT;
  }

  private void checkTag(Optional<String> tag, String wanted, Place place) {
    if (tag.isPresent() && !tag.get().equals(wanted) && !tag.get().equals("!")) {
      flaw(place, "the tag '" + Spelling.shortened(tag.get()) + "' has no meaning here; remove it");
    }
  }

  private void flaw(Place place, String message) {
    flaws.add(new Flaw(place, message));
  }

  private static Place placeOf(String file, Optional<Mark> mark) {
    return mark.map(m -> new Place(file, m.getLine() + 1, m.getColumn() + 1))
        .orElseGet(() -> Place.of(file));
  }
}
