package io.weft.linux.netns;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.ffi.Errno;
import io.weft.linux.ffi.Libc;
import io.weft.linux.ffi.LinuxConstants;
import io.weft.linux.ffi.LinuxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;

/**
 * Network namespaces by name, in iproute2's layout ({@code /run/netns/<name>}), so that {@code ip
 * netns} sees ours and we see its. Everything that must run inside one runs on a platform thread of
 * its own that then ends: setns on a pooled or virtual thread would poison its carrier for whoever
 * comes next.
 */
public final class NetworkNamespaces {
  /** Where iproute2 keeps names (its NETNS_RUN_DIR). */
  public static final String DIRECTORY = "/run/netns";

  private static final String OWN = "/proc/thread-self/ns/net";

  private NetworkNamespaces() {}

  /**
   * What to do inside a namespace; {@code X} is {@code RuntimeException} where nothing is thrown.
   */
  @FunctionalInterface
  public interface Action<T, X extends Exception> {
    T run() throws X;
  }

  /**
   * Makes a namespace under a new name; its loopback is down, as the kernel makes it.
   *
   * @throws LinuxException EEXIST when the name is taken, EPERM without CAP_SYS_ADMIN
   */
  public static void create(String name) {
    var path = pathOf(requireName(name));
    prepareDirectory();
    Libc.open(path, LinuxConstants.O_RDONLY | LinuxConstants.O_CREAT | LinuxConstants.O_EXCL, 0)
        .close();
    try {
      onFreshThread(
          "netns create " + name,
          () -> {
            Libc.unshare(LinuxConstants.CLONE_NEWNET);
            Libc.mount(OWN, path, "none", LinuxConstants.MS_BIND);
            return true;
          });
    } catch (LinuxException e) {
      Libc.unlink(path);
      throw e;
    }
  }

  /**
   * Gives an open namespace a name, as its first or as one more.
   *
   * @throws LinuxException EEXIST when the name is taken
   */
  public static void name(Descriptor namespace, String name) {
    var path = pathOf(requireName(name));
    prepareDirectory();
    Libc.open(path, LinuxConstants.O_RDONLY | LinuxConstants.O_CREAT | LinuxConstants.O_EXCL, 0)
        .close();
    try {
      Libc.mount("/proc/self/fd/" + namespace.number(), path, "none", LinuxConstants.MS_BIND);
    } catch (LinuxException e) {
      Libc.unlink(path);
      throw e;
    }
  }

  /** True when this name stands for this open namespace; false also when there is no such name. */
  public static boolean isNamed(Descriptor namespace, String name) {
    try {
      var inode = Files.getAttribute(Path.of("/proc/self/fd/" + namespace.number()), "unix:ino");
      return inode.equals(Files.getAttribute(Path.of(pathOf(requireName(name))), "unix:ino"));
    } catch (IOException _) {
      return false;
    }
  }

  /**
   * Makes a namespace without a name: it lives as long as a descriptor, socket or process in it.
   */
  public static Descriptor createUnnamed() {
    return onFreshThread(
        "netns create",
        () -> {
          Libc.unshare(LinuxConstants.CLONE_NEWNET);
          return Libc.open(OWN, LinuxConstants.O_RDONLY, 0);
        });
  }

  /**
   * Takes the name away. The namespace itself and its links go when nothing is in it any more.
   *
   * @throws LinuxException ENOENT when there is no such name
   */
  public static void delete(String name) {
    var path = pathOf(requireName(name));
    try {
      Libc.umount2(path, LinuxConstants.MNT_DETACH);
    } catch (LinuxException e) {
      // EINVAL: a name whose mount is gone, as a crash or a reboot of a container leaves it.
      if (!e.errno().equals(Errno.EINVAL)) {
        throw e;
      }
    }
    Libc.unlink(path);
  }

  /** As {@link #delete}; false when there was no such name. */
  public static boolean deleteIfExists(String name) {
    try {
      delete(name);
      return true;
    } catch (LinuxException e) {
      if (e.errno().equals(Errno.ENOENT)) {
        return false;
      }
      throw e;
    }
  }

  public static boolean exists(String name) {
    return Files.exists(Path.of(pathOf(requireName(name))), LinkOption.NOFOLLOW_LINKS);
  }

  /** All names, sorted. */
  public static List<String> list() {
    var directory = Path.of(DIRECTORY);
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (var entries = Files.list(directory)) {
      return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /**
   * Opens a namespace by name, or by path where the text has a slash (such as {@code
   * /proc/<pid>/ns/net}, which is what CNI hands over).
   */
  public static Descriptor open(String nameOrPath) {
    return Libc.open(pathOf(nameOrPath), LinuxConstants.O_RDONLY, 0);
  }

  /** The calling thread's own namespace. */
  public static Descriptor openCurrent() {
    return Libc.open(OWN, LinuxConstants.O_RDONLY, 0);
  }

  /**
   * Runs the action inside a namespace and waits for it. Sockets opened there stay there and work
   * from any thread; processes started there live there. What the action throws is thrown here.
   */
  public static <T, X extends Exception> T callIn(String nameOrPath, Action<T, X> action) throws X {
    try (var namespace = open(nameOrPath)) {
      return callIn(namespace, action);
    }
  }

  /** As {@link #callIn(String, Action)}; the descriptor stays the caller's. */
  public static <T, X extends Exception> T callIn(Descriptor namespace, Action<T, X> action)
      throws X {
    return onFreshThread(
        "netns " + namespace,
        () -> {
          Libc.setns(namespace, LinuxConstants.CLONE_NEWNET);
          return action.run();
        });
  }

  /**
   * As {@link #callIn(Descriptor, Action)}, on the calling thread itself, which enters the
   * namespace and comes back: a third of a millisecond faster. Only for a platform thread that
   * belongs to its caller alone.
   *
   * @throws IllegalStateException on a virtual thread, and when there is no way back: the thread is
   *     then in a foreign namespace and must end
   */
  public static <T, X extends Exception> T callHereIn(Descriptor namespace, Action<T, X> action)
      throws X {
    if (Thread.currentThread().isVirtual()) {
      throw new IllegalStateException("a virtual thread would take its carrier with it");
    }
    try (var own = openCurrent()) {
      Libc.setns(namespace, LinuxConstants.CLONE_NEWNET);
      try {
        return action.run();
      } finally {
        comeBack(own);
      }
    }
  }

  private static void comeBack(Descriptor own) {
    try {
      Libc.setns(own, LinuxConstants.CLONE_NEWNET);
    } catch (LinuxException e) {
      throw new IllegalStateException("cannot return to the own network namespace", e);
    }
  }

  private static <T, X extends Exception> T onFreshThread(String name, Action<T, X> action)
      throws X {
    var call = new FreshThreadCall<T, X>(action);
    var thread = Thread.ofPlatform().name(name).daemon().start(call);
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException _) {
        // Leaving now would leave the action running alone: hand the wish on, and wait.
        interrupted = true;
        thread.interrupt();
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return call.outcome();
  }

  private static String pathOf(String nameOrPath) {
    return nameOrPath.indexOf('/') >= 0 ? nameOrPath : DIRECTORY + "/" + nameOrPath;
  }

  private static String requireName(String name) {
    if (name.isEmpty() || name.startsWith(".") || name.indexOf('/') >= 0 || name.length() > 255) {
      throw new IllegalArgumentException("'" + name + "' cannot name a network namespace");
    }
    return name;
  }

  /**
   * Makes the directory a shared mount, as iproute2 does, under its lock: so that names made here
   * appear in other mount namespaces (containers), and can be deleted while those still hold them.
   */
  private static void prepareDirectory() {
    try {
      Libc.mkdir(DIRECTORY, 0755);
    } catch (LinuxException e) {
      if (!e.errno().equals(Errno.EEXIST)) {
        throw e;
      }
    }
    try (var directory = Libc.open(DIRECTORY, LinuxConstants.O_RDONLY, 0)) {
      Libc.flock(directory, LinuxConstants.LOCK_EX);
      try {
        share();
      } catch (LinuxException e) {
        if (!e.errno().equals(Errno.EINVAL)) {
          throw e;
        }
        // Not a mount point yet.
        Libc.mount(DIRECTORY, DIRECTORY, "none", LinuxConstants.MS_BIND | LinuxConstants.MS_REC);
        share();
      }
    }
  }

  private static void share() {
    Libc.mount("", DIRECTORY, "none", LinuxConstants.MS_SHARED | LinuxConstants.MS_REC);
  }
}
