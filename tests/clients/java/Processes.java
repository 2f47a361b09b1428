import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The process list and launch, as a Java program calls them.
 *
 * <p>The client keeps its default protocol version, so over plain HTTP it offers an upgrade to HTTP/2 (h2c) with
 * every first request, the POST included.
 */
public final class Processes {
    private static final String TOKEN = System.getenv("TALLYFY_ACCESS_TOKEN");
    private static final String RUNS_URL =
        System.getenv("TALLYFY_API_BASE") + "/organizations/" + System.getenv("TALLYFY_ORG_ID") + "/runs";
    private static final HttpClient CLIENT =
        HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();

    private static final class Refused extends Exception {
        private static final long serialVersionUID = 1;

        Refused(HttpResponse<String> response) {
            super("Status: " + response.statusCode() + "\nResponse: " + response.body());
        }
    }

    public static void main(String[] arguments) {
        String command = arguments.length == 1 ? arguments[0] : "";
        try {
            Map<String, Object> result;
            switch (command) {
                case "list": result = list(); break;
                case "follow": result = follow(); break;
                case "launch": result = launch(); break;
                case "error": result = error(); break;
                default:
                    System.err.println("usage: Processes list|follow|launch|error");
                    System.exit(2);
                    return;
            }
            System.out.println(Json.write(result));
        } catch (Refused refused) {
            System.err.println("Refused. " + refused.getMessage());
            System.exit(1);
        } catch (IOException | InterruptedException failure) {
            System.err.println("Request failed: " + failure);
            System.exit(1);
        }
    }

    private static Map<String, Object> list() throws IOException, InterruptedException, Refused {
        HttpResponse<String> response = accepted(get(firstPageUrl(), TOKEN));
        Map<?, ?> answer = body(response);
        Map<?, ?> pagination = pagination(answer);
        List<?> runs = (List<?>) answer.get("data");

        Map<String, Object> result = new LinkedHashMap<>();
        result.put("status", response.statusCode());
        result.put("total", pagination.get("total"));
        result.put("count", pagination.get("count"));
        result.put("next", next(answer));
        result.put("names", each(runs, "name"));
        result.put("first", runs.isEmpty() ? null : runs.get(0));
        return result;
    }

    private static Map<String, Object> follow() throws IOException, InterruptedException, Refused {
        List<Object> ids = new ArrayList<>();
        int pages = 0;
        for (String url = firstPageUrl(); url != null; pages++) {
            Map<?, ?> answer = body(accepted(get(url, TOKEN)));
            ids.addAll(each((List<?>) answer.get("data"), "id"));
            url = next(answer);
        }
        return Map.of("pages", pages, "ids", ids);
    }

    private static Map<String, Object> launch() throws IOException, InterruptedException, Refused {
        Map<String, String> wanted =
            Map.of("checklist_id", System.getenv("TALLYFY_TEMPLATE_ID"), "name", "Launched by Java");
        HttpRequest request = request(RUNS_URL, TOKEN)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(Json.write(wanted)))
            .build();
        HttpResponse<String> response = accepted(CLIENT.send(request, BodyHandlers.ofString()));
        Map<?, ?> run = (Map<?, ?>) body(response).get("data");
        return Map.of("status", response.statusCode(), "id", run.get("id"), "name", run.get("name"));
    }

    private static Map<String, Object> error() throws IOException, InterruptedException {
        HttpResponse<String> response = get(firstPageUrl(), "wrong-token");
        if (response.statusCode() / 100 == 2) throw new IOException("a wrong token was accepted");
        return Map.of("status", response.statusCode(), "message", body(response).get("message"));
    }

    private static String firstPageUrl() {
        Map<String, String> query = new HashMap<>();
        query.put("status", "active");
        query.put("per_page", "5");
        return RUNS_URL + query.entrySet().stream()
            .map(entry -> encoded(entry.getKey()) + "=" + encoded(entry.getValue()))
            .collect(Collectors.joining("&", "?", ""));
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static HttpRequest.Builder request(String url, String token) {
        return HttpRequest.newBuilder()
            .uri(URI.create(url))
            .header("Authorization", "Bearer " + token)
            .header("Accept", "application/json")
            .header("X-Tallyfy-Client", "APIClient");
    }

    private static HttpResponse<String> get(String url, String token) throws IOException, InterruptedException {
        return CLIENT.send(request(url, token).GET().build(), BodyHandlers.ofString());
    }

    private static HttpResponse<String> accepted(HttpResponse<String> response) throws Refused {
        if (response.statusCode() / 100 != 2) throw new Refused(response);
        return response;
    }

    private static Map<?, ?> body(HttpResponse<String> response) {
        return (Map<?, ?>) Json.parse(response.body());
    }

    private static Map<?, ?> pagination(Map<?, ?> answer) {
        return (Map<?, ?>) ((Map<?, ?>) answer.get("meta")).get("pagination");
    }

    private static String next(Map<?, ?> answer) {
        return (String) ((Map<?, ?>) pagination(answer).get("links")).get("next");
    }

    private static List<Object> each(List<?> runs, String key) {
        List<Object> values = new ArrayList<>();
        for (Object run : runs) values.add(((Map<?, ?>) run).get(key));
        return values;
    }
}
