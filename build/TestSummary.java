import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.xml.sax.SAXException;

/**
 * Counts what the test reports of all modules say, names where the time went, what failed and what
 * was skipped and why, and decides the exit code of {@code make test}. Run from the repository's
 * root by {@code build/test}: {@code java build/TestSummary.java MAVEN_EXIT_CODE}.
 *
 * <p>A build that failed, a report that cannot be read, no test at all, and (in CI as root, where
 * everything can run) a skipped test are failures too: a green run must mean what it seems to mean.
 */
final class TestSummary {
  private static final int SLOWEST = 20;

  /** Of the message of a test that failed, after its first line. */
  private static final int MOST_LINES = 30;

  private static final int MOST_COLUMNS = 2_000;

  private int passed;
  private final Map<String, Double> secondsOfModules = new TreeMap<>();
  private final Map<String, Double> secondsOfClasses = new TreeMap<>();
  private final List<String> failed = new ArrayList<>();
  private final List<String> skipped = new ArrayList<>();
  private final List<String> troubles = new ArrayList<>();

  public static void main(String[] arguments) throws IOException {
    var summary = new TestSummary();
    for (Path report : reports(Path.of(""))) {
      summary.read(report);
    }
    summary.judge(
        arguments[0],
        "true".equals(System.getenv("CI")) && "root".equals(System.getProperty("user.name")));
    System.exit(summary.print() ? 0 : 1);
  }

  private static List<Path> reports(Path root) throws IOException {
    var found = new ArrayList<Path>();
    try (var modules = Files.newDirectoryStream(root.toAbsolutePath(), Files::isDirectory)) {
      for (Path module : modules) {
        Path reports = module.resolve("target/surefire-reports");
        if (Files.isDirectory(reports)) {
          try (Stream<Path> files = Files.list(reports)) {
            files
                .filter(file -> file.getFileName().toString().matches("TEST-.*\\.xml"))
                .forEach(found::add);
          }
        }
      }
    }
    found.sort(null);
    return found;
  }

  private void read(Path report) throws IOException {
    Element suite;
    try {
      suite =
          DocumentBuilderFactory.newDefaultInstance()
              .newDocumentBuilder()
              .parse(report.toFile())
              .getDocumentElement();
    } catch (ParserConfigurationException | SAXException e) {
      troubles.add("unreadable report " + report + ": " + e.getMessage());
      return;
    }
    double seconds = Double.parseDouble(suite.getAttribute("time").replace(",", ""));
    Path reports = report.getParent();
    secondsOfModules.merge(
        reports.getParent().getParent().getFileName().toString(), seconds, Double::sum);
    secondsOfClasses.merge(suite.getAttribute("name"), seconds, Double::sum);
    var cases = suite.getElementsByTagName("testcase");
    for (int i = 0; i < cases.getLength(); i++) {
      count((Element) cases.item(i));
    }
  }

  private void count(Element test) {
    String owner = test.getAttribute("classname");
    String name = owner.substring(owner.lastIndexOf('.') + 1) + "." + test.getAttribute("name");
    for (String outcome : List.of("failure", "error", "skipped")) {
      var elements = test.getElementsByTagName(outcome);
      if (elements.getLength() > 0) {
        var why = (Element) elements.item(0);
        if (outcome.equals("skipped")) {
          skipped.add(name + ": " + reason(why));
        } else {
          failed.add(name + ": " + reason(why) + details(why));
        }
        return;
      }
    }
    passed++;
  }

  /** The first line that says something: of the message, else of the stack trace. */
  private static String reason(Element outcome) {
    return Stream.of(
            outcome.getAttribute("message"), outcome.getTextContent(), outcome.getAttribute("type"))
        .flatMap(String::lines)
        .map(String::strip)
        .map(line -> line.replaceFirst("^[\\w.]*TestAbortedException: (Assumption failed: )?", ""))
        .filter(line -> !line.isEmpty())
        .findFirst()
        .orElse("no reason given");
  }

  /** What follows in the message, as much as tells what is wrong: the whole is in the report. */
  private static String details(Element outcome) {
    return outcome
        .getAttribute("message")
        .lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty())
        .skip(1)
        .limit(MOST_LINES)
        .map(line -> line.length() > MOST_COLUMNS ? line.substring(0, MOST_COLUMNS) + " ..." : line)
        .map(line -> "\n    " + line)
        .collect(Collectors.joining());
  }

  private void judge(String mavenExit, boolean mustRunAll) {
    if (!mavenExit.equals("0")) {
      troubles.add("Maven ended with exit code " + mavenExit + ": see target/test.log");
    }
    if (passed + failed.size() == 0) {
      troubles.add("no test ran");
    }
    if (mustRunAll && !skipped.isEmpty()) {
      troubles.add("CI runs as root: nothing may be skipped there");
    }
  }

  private boolean print() {
    slowest("module", secondsOfModules);
    slowest("class", secondsOfClasses);
    list("skipped", skipped);
    list("FAILED", failed);
    list("TROUBLE", troubles);
    System.out.printf("%d passed, %d failed, %d skipped%n", passed, failed.size(), skipped.size());
    return failed.isEmpty() && troubles.isEmpty();
  }

  private static void slowest(String what, Map<String, Double> seconds) {
    seconds.entrySet().stream()
        .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
        .limit(SLOWEST)
        .forEach(entry -> System.out.printf("%6.0f s  %s %s%n", entry.getValue(), what, entry.getKey()));
  }

  private static void list(String title, List<String> lines) {
    lines.forEach(line -> System.out.println(title + "  " + line));
  }
}
