// A TLS client of Java's standard library: what it makes of a daemon's handshake and certificate.
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

class Client {
    private static final int URI = 6;

    public static void main(String[] words) throws Exception {
        TrustManager anyone = new X509TrustManager() {
            public void checkClientTrusted(X509Certificate[] chain, String type) {}
            public void checkServerTrusted(X509Certificate[] chain, String type) {}
            public X509Certificate[] getAcceptedIssuers() { return new X509Certificate[0]; }
        };
        SSLContext context = SSLContext.getInstance("TLSv1.3");
        context.init(null, new TrustManager[] {anyone}, null);
        String[] address = words[0].split(":");
        try (SSLSocket socket = (SSLSocket)context.getSocketFactory().createSocket(address[0], Integer.parseInt(address[1]))) {
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setApplicationProtocols(new String[] {"h2"});
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            System.out.println(socket.getSession().getProtocol().replace("TLSv", "TLS "));
            System.out.println(socket.getApplicationProtocol());
            X509Certificate certificate = (X509Certificate)socket.getSession().getPeerCertificates()[0];
            for (List<?> name : certificate.getSubjectAlternativeNames())
                if ((Integer)name.get(0) == URI)
                    System.out.println(name.get(1));
        }
    }
}
