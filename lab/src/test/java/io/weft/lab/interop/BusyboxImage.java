package io.weft.lab.interop;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** An image that holds nothing but a static busybox, which sleeps when nothing else is said. */
final class BusyboxImage {
  static final Path BUSYBOX = Path.of("/bin/busybox");
  static final String NAME = "weft.test/busybox:1";

  private static final int TAR_BLOCK = 512;

  private BusyboxImage() {}

  /** An OCI image layout (image-spec v1) as a tar file. */
  static byte[] tar() throws IOException {
    var layer = new ByteArrayOutputStream();
    for (var folder : List.of("bin/", "etc/", "proc/", "sys/", "dev/")) {
      entry(layer, folder, new byte[0]);
    }
    for (var program : List.of("bin/busybox", "bin/sh")) {
      entry(layer, program, Files.readAllBytes(BUSYBOX));
    }
    end(layer);
    var content = layer.toByteArray();
    var config =
        octets(
            """
            {"architecture": "%s", "os": "linux", "config": {"Env": ["PATH=/bin"], "Cmd": ["/bin/busybox", "sleep", "86400"]},
             "rootfs": {"type": "layers", "diff_ids": ["sha256:%s"]}}
            """
                .formatted(
                    System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64",
                    hash(content)));
    var manifest =
        octets(
            """
            {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
             "config": {"mediaType": "application/vnd.oci.image.config.v1+json",
                        "digest": "sha256:%s", "size": %d},
             "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar",
                         "digest": "sha256:%s", "size": %d}]}
            """
                .formatted(hash(config), config.length, hash(content), content.length));
    var index =
        octets(
            """
            {"schemaVersion": 2, "manifests": [
              {"mediaType": "application/vnd.oci.image.manifest.v1+json",
               "digest": "sha256:%s", "size": %d,
               "annotations": {"io.containerd.image.name": "%s"}}]}
            """
                .formatted(hash(manifest), manifest.length, NAME));
    var tar = new ByteArrayOutputStream();
    entry(tar, "oci-layout", octets("{\"imageLayoutVersion\": \"1.0.0\"}"));
    entry(tar, "index.json", index);
    for (var blob : List.of(content, config, manifest)) {
      entry(tar, "blobs/sha256/" + hash(blob), blob);
    }
    end(tar);
    return tar.toByteArray();
  }

  private static byte[] octets(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String hash(byte[] octets) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(octets));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  /** One member of a tar file (POSIX ustar); a name that ends in a slash is a folder. */
  private static void entry(ByteArrayOutputStream tar, String name, byte[] content) {
    var header = new byte[TAR_BLOCK];
    put(header, 0, name);
    put(header, 100, "0000755");
    put(header, 108, "0000000");
    put(header, 116, "0000000");
    put(header, 124, "%011o".formatted(content.length));
    put(header, 136, "00000000000");
    put(header, 148, "        ");
    header[156] = (byte) (name.endsWith("/") ? '5' : '0');
    put(header, 257, "ustar");
    put(header, 263, "00");
    int sum = 0;
    for (byte octet : header) {
      sum += octet & 0xff;
    }
    put(header, 148, "%06o".formatted(sum));
    header[154] = 0;
    tar.writeBytes(header);
    tar.writeBytes(content);
    tar.writeBytes(new byte[(TAR_BLOCK - content.length % TAR_BLOCK) % TAR_BLOCK]);
  }

  private static void end(ByteArrayOutputStream tar) {
    tar.writeBytes(new byte[2 * TAR_BLOCK]);
  }

  private static void put(byte[] header, int at, String text) {
    System.arraycopy(octets(text), 0, header, at, text.length());
  }
}
