import java.lang.reflect.Field;
import java.util.Arrays;

/**
 * Keeps DynamoDB Local on 127.0.0.1; by itself it listens on every address of the machine. LocalStack starts it with a Java agent, to which
 * it gives a name and a place only; this class is that agent, and runs the server in the place of its main class.
 */
public class Loopback {
    public static void premain(String argument) throws Exception {
        // The jar and the arguments; the paths have no spaces, see start.sh.
        String[] line = System.getProperty("sun.java.command").split(" ");
        Object arguments = Arrays.copyOfRange(line, 1, line.length);
        Class<?> runner = Class.forName("com.amazonaws.services.dynamodbv2.local.main.ServerRunner");
        Object proxy = runner.getMethod("createServerFromCommandLineArgs", String[].class).invoke(null, arguments);
        Field field = proxy.getClass().getDeclaredField("server");
        field.setAccessible(true);
        Object server = field.get(proxy);
        for (Object connector : (Object[]) server.getClass().getMethod("getConnectors").invoke(server)) {
            connector.getClass().getMethod("setHost", String.class).invoke(connector, "127.0.0.1");
        }
        proxy.getClass().getMethod("start").invoke(proxy);
        proxy.getClass().getMethod("join").invoke(proxy);
    }
}
