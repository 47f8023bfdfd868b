package io.weft.kubernetes.api;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Certificates and private keys as text (RFC 7468). The JDK reads keys as PKCS #8 only; those of
 * kubeadm are PKCS #1 (RFC 8017 §A.1.2), those of k3s and kind SEC 1 (RFC 5915 §3).
 */
final class Pem {
  private static final Pattern KEY =
      Pattern.compile("-----BEGIN ((?:RSA |EC )?PRIVATE KEY)-----([^-]+)-----END \\1-----");

  private static final int SEQUENCE = 0x30;
  private static final int OCTET_STRING = 0x04;
  private static final int PARAMETERS = 0xa0;
  private static final byte[] VERSION_0 = {2, 1, 0};

  /** SEQUENCE of rsaEncryption, 1.2.840.113549.1.1.1, and NULL. */
  private static final byte[] RSA = {
    0x30, 0x0d, 6, 9, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 1, 1, 1, 5, 0
  };

  /** id-ecPublicKey, 1.2.840.10045.2.1. */
  private static final byte[] EC_PUBLIC_KEY = {
    6, 7, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 2, 1
  };

  private Pem() {}

  /** All certificates of the text, in its order. */
  static List<Certificate> certificates(String text) throws GeneralSecurityException {
    return List.copyOf(
        CertificateFactory.getInstance("X.509")
            .generateCertificates(
                new ByteArrayInputStream(text.getBytes(StandardCharsets.US_ASCII))));
  }

  /** The first private key of the text, RSA or on an elliptic curve. */
  static PrivateKey privateKey(String text) throws GeneralSecurityException {
    var matcher = KEY.matcher(text);
    if (!matcher.find()) {
      throw new GeneralSecurityException("there is no unencrypted private key in the PEM text");
    }
    try {
      var octets = Base64.getMimeDecoder().decode(matcher.group(2));
      return switch (matcher.group(1)) {
        case "RSA PRIVATE KEY" -> key("RSA", pkcs8(RSA, octets));
        case "EC PRIVATE KEY" ->
            key("EC", pkcs8(tagged(SEQUENCE, EC_PUBLIC_KEY, curve(octets)), octets));
        default -> ofEither(octets);
      };
    } catch (IllegalArgumentException | java.nio.BufferUnderflowException e) {
      throw new GeneralSecurityException("the private key is damaged", e);
    }
  }

  private static PrivateKey ofEither(byte[] octets) throws GeneralSecurityException {
    try {
      return key("EC", octets);
    } catch (GeneralSecurityException _) {
      return key("RSA", octets);
    }
  }

  private static PrivateKey key(String algorithm, byte[] pkcs8) throws GeneralSecurityException {
    return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
  }

  /** PrivateKeyInfo (RFC 5208 §5): version, algorithm, key. */
  private static byte[] pkcs8(byte[] algorithm, byte[] key) {
    return tagged(SEQUENCE, VERSION_0, algorithm, tagged(OCTET_STRING, key));
  }

  /** The name of the curve: ECPrivateKey's optional field [0]. */
  private static byte[] curve(byte[] sec1) throws GeneralSecurityException {
    var in = ByteBuffer.wrap(sec1);
    in.get();
    length(in);
    while (in.hasRemaining()) {
      int tag = in.get() & 0xff;
      var value = new byte[length(in)];
      in.get(value);
      if (tag == PARAMETERS) {
        return value;
      }
    }
    throw new GeneralSecurityException("the EC private key does not name its curve");
  }

  private static int length(ByteBuffer in) {
    int first = in.get() & 0xff;
    if (first < 0x80) {
      return first;
    }
    int length = 0;
    for (int i = 0; i < (first & 0x7f); i++) {
      length = length << 8 | (in.get() & 0xff);
    }
    if (length < 0 || length > in.remaining()) {
      throw new IllegalArgumentException("length");
    }
    return length;
  }

  private static byte[] tagged(int tag, byte[]... parts) {
    var content = new ByteArrayOutputStream();
    for (var part : parts) {
      content.writeBytes(part);
    }
    var out = new ByteArrayOutputStream();
    out.write(tag);
    int size = content.size();
    if (size < 0x80) {
      out.write(size);
    } else {
      int octets = (Integer.SIZE - Integer.numberOfLeadingZeros(size) + 7) / 8;
      out.write(0x80 | octets);
      for (int i = octets - 1; i >= 0; i--) {
        out.write(size >>> (8 * i));
      }
    }
    out.writeBytes(content.toByteArray());
    return out.toByteArray();
  }
}
