package io.weft.kubernetes.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;

/** Certificate authorities as openssl makes them, and a server whose certificate is exchanged. */
final class Authorities {
  private final Path directory;

  /** The names of clients that have opened a connection to the server, in their order. */
  final List<String> clients = new CopyOnWriteArrayList<>();

  private volatile X509Certificate[] chain = {};
  private volatile Optional<java.security.PrivateKey> key = Optional.empty();

  Authorities(Path directory) {
    this.directory = directory;
  }

  String read(String name) throws IOException {
    return Files.readString(directory.resolve(name));
  }

  private void openssl(String arguments) throws IOException, InterruptedException {
    var log = directory.resolve("openssl.log");
    var process =
        new ProcessBuilder(("openssl " + arguments).split(" ", -1))
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(log)).isZero();
  }

  /** {@code NAME.crt} and {@code NAME.key}, which sign for others. */
  void authority(String name) throws IOException, InterruptedException {
    openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout %s.key -out %s.crt -days 2 -subj /CN=%s"
            .formatted(name, name, name));
  }

  /** {@code NAME.crt} and {@code NAME.key} for the loopback address. */
  void signed(String name, String by) throws IOException, InterruptedException {
    openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout %s.key -out %s.crt -days 2 -subj /CN=%s -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE -CA %s.crt -CAkey %s.key"
            .formatted(name, name, name, by, by));
  }

  /** Connections that begin from now on meet this certificate. */
  void serve(String name) throws IOException, GeneralSecurityException {
    key = Optional.of(Pem.privateKey(read(name + ".key")));
    chain = Pem.certificates(read(name + ".crt")).toArray(X509Certificate[]::new);
  }

  /** Of a server that takes any client's certificate. */
  SSLContext server() throws GeneralSecurityException {
    var context = SSLContext.getInstance("TLS");
    context.init(
        new javax.net.ssl.KeyManager[] {new Keys()},
        new javax.net.ssl.TrustManager[] {new Clients()},
        null);
    return context;
  }

  private final class Keys extends X509ExtendedKeyManager {
    @Override
    public String[] getClientAliases(String type, java.security.Principal[] issuers) {
      return new String[0];
    }

    @Override
    public String chooseClientAlias(
        String[] types, java.security.Principal[] issuers, Socket socket) {
      return "";
    }

    @Override
    public String[] getServerAliases(String type, java.security.Principal[] issuers) {
      return new String[] {"server"};
    }

    @Override
    public String chooseServerAlias(String type, java.security.Principal[] issuers, Socket socket) {
      return "server";
    }

    @Override
    public String chooseEngineServerAlias(
        String type, java.security.Principal[] issuers, SSLEngine engine) {
      return "server";
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
      return chain;
    }

    @Override
    public java.security.PrivateKey getPrivateKey(String alias) {
      return key.orElseThrow();
    }
  }

  private final class Clients extends X509ExtendedTrustManager {
    private void opened(X509Certificate[] theirs) {
      clients.add(theirs[0].getSubjectX500Principal().getName());
    }

    @Override
    public void checkClientTrusted(X509Certificate[] theirs, String type) {
      opened(theirs);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] theirs, String type, Socket socket) {
      opened(theirs);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] theirs, String type, SSLEngine engine) {
      opened(theirs);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] theirs, String type)
        throws CertificateException {
      throw new CertificateException("this is a server");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] theirs, String type, Socket socket)
        throws CertificateException {
      throw new CertificateException("this is a server");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] theirs, String type, SSLEngine engine)
        throws CertificateException {
      throw new CertificateException("this is a server");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
