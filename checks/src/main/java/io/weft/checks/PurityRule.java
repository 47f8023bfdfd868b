package io.weft.checks;

import java.lang.classfile.ClassModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a pure module may mention: values and collections of {@code java.base}, and no clock,
 * thread, socket, file, log, random, or anything else whose answer may differ from run to run. The
 * same events must give the same effects in the agent, in a replay and in a simulation.
 *
 * <p>Packages are allowed by name, so a new one is refused until someone has thought about it;
 * inside them, classes and methods that break the promise are refused by name. Iteration of hash
 * collections is {@link HashOrderRule}'s.
 */
public final class PurityRule {
  private static final String NAME = "purity";

  private static final Set<String> PACKAGES =
      Set.of(
          "java.lang",
          "java.lang.annotation",
          "java.lang.constant", // made by the compiler, with the next two: lambdas, records,
          // switches
          "java.lang.invoke",
          "java.lang.runtime",
          "java.math",
          "java.nio", // buffers; files and channels are packages of their own
          "java.nio.charset",
          "java.time",
          "java.util",
          "java.util.function",
          "java.util.regex",
          "java.util.stream");

  /** Single classes of packages that are refused as a whole. */
  private static final Set<String> CLASSES =
      Set.of(
          "java.io.Serializable", // lambdas and enums name it
          "java.security.MessageDigest", // a function of its octets
          "java.security.NoSuchAlgorithmException",
          "java.util.concurrent.TimeUnit");

  private static final Set<String> REFUSED_CLASSES =
      Set.of(
          "java.lang.ClassLoader",
          "java.lang.InheritableThreadLocal",
          "java.lang.Process",
          "java.lang.ProcessBuilder",
          "java.lang.ProcessHandle",
          "java.lang.Runtime",
          "java.lang.ScopedValue",
          "java.lang.StackWalker",
          "java.lang.Thread",
          "java.lang.ThreadGroup",
          "java.lang.ThreadLocal",
          "java.time.Clock",
          "java.time.InstantSource",
          "java.util.Calendar",
          "java.util.Date",
          "java.util.GregorianCalendar",
          "java.util.IdentityHashMap",
          "java.util.Random",
          "java.util.Scanner",
          "java.util.ServiceLoader",
          "java.util.SplittableRandom",
          "java.util.Timer",
          "java.util.TimerTask",
          "java.util.UUID",
          "java.util.WeakHashMap");

  /** Of these classes only these methods and fields, written {@code type.member}. */
  private static final Set<String> ONLY_MEMBERS =
      Set.of(
          "java.lang.System.arraycopy",
          "java.lang.Class.cast",
          "java.lang.Class.desiredAssertionStatus",
          "java.lang.Class.getEnumConstants",
          "java.lang.Class.getName",
          "java.lang.Class.getSimpleName",
          "java.lang.Class.hashCode",
          "java.lang.Class.isInstance");

  private static final Set<String> ONLY_MEMBERS_OF = Set.of("java.lang.System", "java.lang.Class");

  private static final Set<String> REFUSED_MEMBERS =
      Set.of(
          "java.lang.Math.random",
          "java.lang.StrictMath.random",
          "java.lang.Object.notify",
          "java.lang.Object.notifyAll",
          "java.lang.Object.wait",
          "java.time.ZoneId.systemDefault");

  /** Draws numbers at its start, on which no result depends (decisions/0046); nobody else does. */
  private static final String DRAWER = "io/weft/net/SecretHash";

  private static final String DRAWN_BY = "java.security.SecureRandom";

  private PurityRule() {}

  /** What {@code model}, a class of a pure module, mentions and must not. */
  public static List<Violation> check(ClassModel model) {
    var violations = new ArrayList<Violation>();
    boolean draws = model.thisClass().asInternalName().equals(DRAWER);
    for (Reference reference : References.of(model)) {
      refusal(reference)
          .filter(_ -> !(draws && reference.type().equals(DRAWN_BY)))
          .ifPresent(why -> violations.add(new Violation(NAME, reference.place(), why)));
    }
    return violations.stream().distinct().toList();
  }

  private static Optional<String> refusal(Reference reference) {
    String type = reference.type();
    if (type.startsWith("io.weft.") || type.startsWith("org.jspecify.")) {
      return Optional.empty(); // between our own modules the arrows decide
    }
    if (!allowed(type)) {
      return Optional.of(type + " is not for a pure module");
    }
    return reference
        .member()
        .filter(member -> refused(type, member))
        .map(member -> use(type, member));
  }

  private static boolean allowed(String type) {
    String outermost = type.contains("$") ? type.substring(0, type.indexOf('$')) : type;
    int end = outermost.lastIndexOf('.');
    boolean open = end > 0 && PACKAGES.contains(outermost.substring(0, end));
    // System.Logger is nested in a class of which something is allowed
    return (open || CLASSES.contains(outermost))
        && !REFUSED_CLASSES.contains(outermost)
        && !type.startsWith("java.lang.System$");
  }

  private static boolean refused(String type, Reference.Member member) {
    String use = type + "." + member.name();
    return REFUSED_MEMBERS.contains(use)
        || (ONLY_MEMBERS_OF.contains(type) && !ONLY_MEMBERS.contains(use))
        || (type.startsWith("java.time.") && member.name().equals("now"))
        || member.name().equals("printStackTrace")
        || (type.startsWith("java.util.") && member.name().startsWith("parallel"))
        // shuffle(List) draws from a generator of its own; shuffle(List, Random) names Random
        || use.equals("java.util.Collections.shuffle");
  }

  private static String use(String type, Reference.Member member) {
    return type + "." + member.name() + " is not for a pure module";
  }
}
