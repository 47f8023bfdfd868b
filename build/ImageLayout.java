import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/**
 * Writes directories as an OCI image layout (image-spec 1.1), a tar file that container runtimes
 * import: {@code java build/ImageLayout.java OUT VERSION MADE_OF LAYER...}, each LAYER a directory
 * that holds what begins at the image's root. Called by {@code build/image}.
 *
 * <p>Nothing of the machine or the moment gets into it: files belong to root, in the order of their
 * names, with time 0 and mode 755 or 644. So the same files give the same digest.
 */
final class ImageLayout {
  private static final String NAME = "weft.io/weft";
  private static final String CREATED = "1970-01-01T00:00:00Z";
  private static final String OCI = "application/vnd.oci.image.";

  private final Path out;
  private final Path blobs;

  private ImageLayout(Path out) throws IOException {
    this.out = out;
    this.blobs = Files.createDirectories(Path.of("target/image/blobs"));
  }

  public static void main(String[] arguments) throws IOException {
    var layers = new ArrayList<Path>();
    for (int i = 3; i < arguments.length; i++) {
      layers.add(Path.of(arguments[i]));
    }
    new ImageLayout(Path.of(arguments[0])).write(arguments[1], arguments[2], layers);
  }

  /** Octets that are named by their digest; the file is {@code target/image/blobs/HASH}. */
  private record Blob(String hash, long size) {
    String descriptor(String type) {
      return "{\"mediaType\": \"%s%s\", \"digest\": \"sha256:%s\", \"size\": %d}"
          .formatted(OCI, type, hash, size);
    }
  }

  /** A layer, and the hash of what is in it before it is compressed. */
  private record Layer(Blob blob, String contentHash) {}

  private void write(String version, String madeOf, List<Path> directories) throws IOException {
    var layers = new ArrayList<Layer>();
    for (var directory : directories) {
      layers.add(layer(directory));
    }
    var config = blob(config(version, madeOf, layers));
    var descriptors = layers.stream().map(each -> each.blob().descriptor("layer.v1.tar+gzip"));
    var manifest =
        blob(
            """
            {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
             "config": %s,
             "layers": [%s]}
            """
                .formatted(
                    config.descriptor("config.v1+json"),
                    String.join(",\n  ", descriptors.toList())));
    var index =
        """
        {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [
          {"mediaType": "application/vnd.oci.image.manifest.v1+json",
           "digest": "sha256:%s", "size": %d,
           "annotations": {"io.containerd.image.name": "%s:%s", "org.opencontainers.image.ref.name": "%s"}}]}
        """
            .formatted(manifest.hash(), manifest.size(), NAME, version, version);
    var fresh = out.resolve("weft-image.tar.new");
    try (var tar = new Tar(new BufferedOutputStream(Files.newOutputStream(fresh)))) {
      tar.file("oci-layout", octets("{\"imageLayoutVersion\": \"1.0.0\"}"));
      tar.file("index.json", octets(index));
      tar.folder("blobs/");
      tar.folder("blobs/sha256/");
      for (var layer : layers) {
        add(tar, layer.blob());
      }
      add(tar, config);
      add(tar, manifest);
    }
    Files.move(
        fresh, out.resolve("weft-image.tar"), StandardCopyOption.REPLACE_EXISTING);
    Files.writeString(out.resolve("weft-image.digest"), "sha256:" + manifest.hash() + "\n");
    print(version, manifest, directories, layers);
  }

  private void print(String version, Blob manifest, List<Path> directories, List<Layer> layers)
      throws IOException {
    System.out.printf("%s:%s  sha256:%s%n", NAME, version, manifest.hash());
    for (int i = 0; i < layers.size(); i++) {
      System.out.printf(
          "  layer %-5s %5.1f MB%n",
          directories.get(i).getFileName(),
          layers.get(i).blob().size() / 1e6);
    }
    var file = out.resolve("weft-image.tar");
    System.out.printf("  %s %.1f MB%n", file, Files.size(file) / 1e6);
  }

  private void add(Tar tar, Blob blob) throws IOException {
    tar.file("blobs/sha256/" + blob.hash(), Files.readAllBytes(blobs.resolve(blob.hash())));
  }

  private static String config(String version, String madeOf, List<Layer> layers) {
    var contents = layers.stream().map(each -> "\"sha256:" + each.contentHash() + "\"").toList();
    var architecture = System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
    return """
        {"architecture": "%s", "os": "linux", "created": "%s",
         "config": {
           "Entrypoint": ["/weft/weft"],
           "Env": ["PATH=/weft:/bin", "WEFT_JAVA_HOME=/weft/java", "LANG=C.UTF-8"],
           "WorkingDir": "/",
           "Labels": {
             "org.opencontainers.image.title": "Weft",
             "org.opencontainers.image.version": "%s",
             "org.opencontainers.image.licenses": "Apache-2.0",
             "io.weft.made-of": "%s"}},
         "rootfs": {"type": "layers", "diff_ids": [%s]}}
        """
        .formatted(architecture, CREATED, version, madeOf, String.join(", ", contents));
  }

  /** Takes its time, once for each image, so that every node has less to fetch. */
  private static final class SmallGzip extends GZIPOutputStream {
    SmallGzip(OutputStream out) throws IOException {
      super(out, 1 << 16);
      def.setLevel(Deflater.BEST_COMPRESSION);
    }
  }

  private Layer layer(Path directory) throws IOException {
    var fresh = blobs.resolve("layer.new");
    var content = sha256();
    var compressed = sha256();
    try (var file = new DigestOutputStream(Files.newOutputStream(fresh), compressed);
        var gzip = new SmallGzip(new BufferedOutputStream(file, 1 << 16));
        var tar = new Tar(new DigestOutputStream(gzip, content))) {
      try (var found = Files.walk(directory)) {
        for (var path : found.sorted().toList()) {
          if (!path.equals(directory)) {
            tar.add(directory.relativize(path).toString(), path);
          }
        }
      }
    }
    var blob = new Blob(hex(compressed), Files.size(fresh));
    Files.move(fresh, blobs.resolve(blob.hash()), StandardCopyOption.REPLACE_EXISTING);
    return new Layer(blob, hex(content));
  }

  private Blob blob(String text) throws IOException {
    var octets = octets(text);
    var digest = sha256();
    digest.update(octets);
    var blob = new Blob(hex(digest), octets.length);
    Files.write(blobs.resolve(blob.hash()), octets);
    return blob;
  }

  private static byte[] octets(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String hex(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // each Java has it
    }
  }

  /** A tar file (POSIX.1-1988 ustar) of root's files with time 0. */
  private static final class Tar implements AutoCloseable {
    private static final int BLOCK = 512;
    private static final int MAX_NAME = 100;

    private final OutputStream to;

    Tar(OutputStream to) {
      this.to = to;
    }

    void add(String name, Path path) throws IOException {
      if (Files.isSymbolicLink(path)) {
        header(name, 0777, 0, '2', Files.readSymbolicLink(path).toString());
      } else if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
        folder(name + "/");
      } else {
        var content = Files.readAllBytes(path);
        header(name, Files.isExecutable(path) ? 0755 : 0644, content.length, '0', "");
        body(content);
      }
    }

    void folder(String name) throws IOException {
      header(name, name.equals("tmp/") ? 01777 : 0755, 0, '5', "");
    }

    void file(String name, byte[] content) throws IOException {
      header(name, 0644, content.length, '0', "");
      body(content);
    }

    private void body(byte[] content) throws IOException {
      to.write(content);
      to.write(new byte[(BLOCK - content.length % BLOCK) % BLOCK]);
    }

    private void header(String name, int mode, long size, char type, String target)
        throws IOException {
      if (octets(name).length > MAX_NAME || octets(target).length > MAX_NAME) {
        throw new IOException("longer than " + MAX_NAME + " octets: " + name + " " + target);
      }
      var header = new byte[BLOCK];
      put(header, 0, name);
      put(header, 100, "%07o".formatted(mode));
      put(header, 108, "0000000"); // owner
      put(header, 116, "0000000"); // group
      put(header, 124, "%011o".formatted(size));
      put(header, 136, "00000000000"); // time
      put(header, 148, "        "); // the sum counts as if it were blank
      header[156] = (byte) type;
      put(header, 157, target);
      put(header, 257, "ustar");
      put(header, 263, "00");
      int sum = 0;
      for (byte octet : header) {
        sum += octet & 0xff;
      }
      put(header, 148, "%06o".formatted(sum));
      header[154] = 0;
      to.write(header);
    }

    private static void put(byte[] header, int at, String text) {
      var octets = octets(text);
      System.arraycopy(octets, 0, header, at, octets.length);
    }

    @Override
    public void close() throws IOException {
      to.write(new byte[2 * BLOCK]);
      to.close();
    }
  }
}
