/*
 * The CNI plugin: hands one call of a container runtime to the agent of this node and prints its answer. All that is to
 * be decided is decided there (io.weft.agent.cni); this program is small so that it starts in a millisecond.
 *
 * Over a Unix socket: "weft-cni 1\0", each CNI_* variable as "NAME=VALUE\0", "\0", then the configuration from standard
 * input until the end of what we write. The answer is one digit, the exit code, and what standard output shall get.
 *
 * The socket is /run/weft/weft-cni.sock; "agentSocket": "/another/path" in the configuration names another one.
 *
 * By the name weft-PLUGIN it runs the standard plugin PLUGIN where that finds the host's end of the container's interface:
 * in the tenant's network namespace. "WEFT_WITHIN=1" among the variables asks the agent for it; the answer is its path, or
 * nothing where the container has no interface of Weft's.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define DEFAULT_SOCKET "/run/weft/weft-cni.sock"
#define MAX_CONFIG (1024 * 1024) /* octets; a longer configuration is refused */
#define MAX_ANSWER (1024 * 1024)
#define TIMEOUT_SECONDS 60 /* without an answer; the agent itself gives up after 30 */

extern char **environ;

static char config[MAX_CONFIG + 1];
static char answer[MAX_ANSWER + 1];

/* The text of a field of the configuration, without escapes. Empty when there is none. Only the outermost object counts: what
   is within others, such as annotations in runtimeConfig, may be written by whoever makes the pod. */
static void field(const char *name, char *value, size_t size) {
  int depth = 0;
  value[0] = 0;
  for (const char *at = config; *at; ) {
    char c = *at++;
    if (c == '{' || c == '[') depth++;
    if (c == '}' || c == ']') depth--;
    if (c != '"') continue;
    const char *word = at;
    while (*at && *at != '"') at += *at == '\\' && at[1] ? 2 : 1;
    size_t length = (size_t)(at - word);
    if (*at) at++;
    const char *next = at + strspn(at, " \t\r\n");
    if (depth != 1 || *next != ':' || length != strlen(name) || memcmp(word, name, length)) continue;
    next++;
    next += strspn(next, " \t\r\n");
    size_t octets = *next == '"' ? strcspn(next + 1, "\"\\") : size;
    if (octets < size && next[1 + octets] == '"') {
      memcpy(value, next + 1, octets);
      value[octets] = 0;
    }
    return;
  }
}

/* Prints an error as the CNI specification wants it, and ends. */
static void fail(int code, const char *message, const char *place, int error) {
  char version[16];
  field("cniVersion", version, sizeof version);
  if (!version[0] || version[strspn(version, "0123456789.")]) strcpy(version, "0.4.0");
  printf("{\"cniVersion\": \"%s\", \"code\": %d, \"msg\": \"%s\", \"details\": \"", version, code, message);
  for (const char *c = place; *c; c++)
    if ((unsigned char)*c >= ' ' && *c != '"' && *c != '\\') putchar(*c);
  printf("%s%s\"}\n", error ? ": " : "", error ? strerror(error) : "");
  exit(1);
}

static int status; /* true for the verb STATUS, which has error codes of its own */

static void away(const char *path, int error) {
  fail(status ? 50 : 11, "the agent of this node does not answer; it is starting or stopped: try again later", path, error);
}

static void send_all(int fd, const char *path, const char *octets, size_t length) {
  while (length > 0) {
    ssize_t sent = send(fd, octets, length, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) away(path, errno);
    octets += sent;
    length -= (size_t)sent;
  }
}

/* Reads to the end, at most `size` octets, and ends the text with a zero. -1: an error, or longer than that. */
static ssize_t read_all(int fd, char *octets, size_t size) {
  size_t length = 0;
  for (;;) {
    ssize_t got = read(fd, octets + length, size - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    length += (size_t)got;
    if (length == size) { errno = EMSGSIZE; return -1; }
  }
  octets[length] = 0;
  return (ssize_t)length;
}

/* Becomes the plugin, in the namespace (an empty path: where we are). It reads the configuration as we did. */
static void become(const char *plugin, const char *namespace, size_t length) {
  int input = memfd_create("configuration", 0);
  for (size_t done = 0; input >= 0 && done < length; ) {
    ssize_t written = write(input, config + done, length - done);
    if (written < 0) fail(5, "cannot hand on the network configuration", plugin, errno);
    done += (size_t)written;
  }
  if (input < 0 || lseek(input, 0, SEEK_SET) < 0 || dup2(input, STDIN_FILENO) < 0)
    fail(5, "cannot hand on the network configuration", plugin, errno);
  int fd = *namespace ? open(namespace, O_RDONLY | O_CLOEXEC) : -1;
  if (*namespace && (fd < 0 || setns(fd, CLONE_NEWNET) < 0)) fail(11, "cannot enter the tenant's network namespace", namespace, errno);
  const char *path = getenv("CNI_PATH");
  static char program[4096];
  for (const char *at = path ? path : ""; *at; ) {
    size_t directory = strcspn(at, ":");
    snprintf(program, sizeof program, "%.*s/%s", (int)directory, at, plugin);
    execl(program, plugin, (char *)NULL);
    at += directory + (at[directory] == ':');
  }
  fail(5, "no such plugin in CNI_PATH", plugin, 0);
}

int main(int argc, char **argv) {
  const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
  const char *name = slash ? slash + 1 : argc > 0 ? argv[0] : "";
  const char *plugin = strncmp(name, "weft-", 5) ? NULL : name + 5;
  const char *command = getenv("CNI_COMMAND");
  if (!command) {
    fputs("weft: the CNI plugin of Weft; a container runtime calls it. Supports CNI 0.3.0, 0.3.1, 0.4.0, 1.0.0 and 1.1.0.\n", stderr);
    fail(4, "CNI_COMMAND is not set", "environment", 0);
  }
  status = !strcmp(command, "STATUS");
  ssize_t length = read_all(STDIN_FILENO, config, MAX_CONFIG);
  if (length < 0) fail(5, "cannot read the network configuration", "standard input", errno);

  if (plugin && strcmp(command, "ADD") && strcmp(command, "DEL") && strcmp(command, "CHECK")) become(plugin, "", (size_t)length);

  const char *first = config + strspn(config, " \t\r\n");
  if (*first && *first != '{') fail(6, "the network configuration is not a JSON object", "standard input", 0);

  struct sockaddr_un address = {.sun_family = AF_UNIX};
  field("agentSocket", address.sun_path, sizeof address.sun_path);
  if (!address.sun_path[0]) strcpy(address.sun_path, DEFAULT_SOCKET);

  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail(5, "cannot make a socket", address.sun_path, errno);
  struct timeval timeout = {.tv_sec = TIMEOUT_SECONDS};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) away(address.sun_path, errno);

  send_all(fd, address.sun_path, "weft-cni 1", sizeof "weft-cni 1");
  for (char **variable = environ; *variable; variable++)
    if (!strncmp(*variable, "CNI_", 4)) send_all(fd, address.sun_path, *variable, strlen(*variable) + 1);
  if (plugin) send_all(fd, address.sun_path, "WEFT_WITHIN=1", sizeof "WEFT_WITHIN=1");
  send_all(fd, address.sun_path, "", 1);
  send_all(fd, address.sun_path, config, (size_t)length);
  shutdown(fd, SHUT_WR);

  ssize_t answered = read_all(fd, answer, MAX_ANSWER);
  if (answered < 1) away(address.sun_path, answered < 0 ? errno : ECONNRESET);
  if (*answer != '0' && *answer != '1')
    fail(7, "agentSocket is not the agent's socket for the CNI plugin", address.sun_path, 0);
  if (plugin && *answer == '0') {
    /* As the agent sees it: a runtime may have its own mounts, and not those that were made since. */
    static char namespace[MAX_ANSWER + 32];
    struct ucred agent = {0};
    socklen_t size = sizeof agent;
    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &agent, &size);
    if (answer[1] && agent.pid > 0)
      snprintf(namespace, sizeof namespace, "/proc/%d/root%s", (int)agent.pid, answer + 1);
    become(plugin, *namespace ? namespace : answer + 1, (size_t)length);
  }
  fwrite(answer + 1, 1, (size_t)answered - 1, stdout);
  return fflush(stdout) == 0 && answer[0] == '0' ? 0 : 1;
}
