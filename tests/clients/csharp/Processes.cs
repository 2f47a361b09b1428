// The process list and launch, as a C# program calls them: HttpClient, in the C# that Mono compiles.

using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Threading.Tasks;
using System.Web;
using System.Web.Script.Serialization;
using Json = System.Collections.Generic.Dictionary<string, object>;

public static class Processes
{
    private static readonly HttpClient Client = new HttpClient();
    private static readonly JavaScriptSerializer Serializer = new JavaScriptSerializer();
    private static readonly string Token = Setting("TALLYFY_ACCESS_TOKEN");
    private static readonly string RunsUrl =
        $"{Setting("TALLYFY_API_BASE")}/organizations/{Setting("TALLYFY_ORG_ID")}/runs";

    private sealed class Answer
    {
        public readonly int Status;
        public readonly bool IsSuccess;
        public readonly string Text;

        public Answer(HttpResponseMessage response, string text)
        {
            Status = (int)response.StatusCode;
            IsSuccess = response.IsSuccessStatusCode;
            Text = text;
        }

        public Json Body => Serializer.Deserialize<Json>(Text);

        public Answer OrRefused()
        {
            if (!IsSuccess) throw new RefusedException($"Status: {Status}\nResponse: {Text}");
            return this;
        }
    }

    private sealed class RefusedException : Exception
    {
        public RefusedException(string message) : base(message) { }
    }

    public static int Main(string[] arguments)
    {
        var commands = new Dictionary<string, Func<Task<Json>>>
        {
            ["list"] = ListAsync, ["follow"] = FollowAsync, ["launch"] = LaunchAsync, ["error"] = ErrorAsync,
        };
        if (arguments.Length != 1 || !commands.ContainsKey(arguments[0]))
        {
            Console.Error.WriteLine("usage: Processes list|follow|launch|error");
            return 2;
        }
        try
        {
            Console.WriteLine(Serializer.Serialize(commands[arguments[0]]().GetAwaiter().GetResult()));
            return 0;
        }
        catch (RefusedException refused)
        {
            Console.Error.WriteLine($"Refused. {refused.Message}");
        }
        catch (HttpRequestException failure)
        {
            Console.Error.WriteLine($"Request error: {failure.Message}");
        }
        return 1;
    }

    private static async Task<Json> ListAsync()
    {
        var answer = (await SendAsync(HttpMethod.Get, FirstPageUrl(), Token)).OrRefused();
        var body = answer.Body;
        var pagination = Pagination(body);
        return new Json
        {
            ["status"] = answer.Status,
            ["total"] = pagination["total"],
            ["count"] = pagination["count"],
            ["next"] = NextLink(body),
            ["names"] = Runs(body).Select(run => run["name"]).ToList(),
            ["first"] = Runs(body).FirstOrDefault(),
        };
    }

    private static async Task<Json> FollowAsync()
    {
        var ids = new List<object>();
        var pages = 0;
        for (var url = FirstPageUrl(); url != null; pages++)
        {
            var body = (await SendAsync(HttpMethod.Get, url, Token)).OrRefused().Body;
            ids.AddRange(Runs(body).Select(run => run["id"]));
            url = NextLink(body);
        }
        return new Json { ["pages"] = pages, ["ids"] = ids };
    }

    private static async Task<Json> LaunchAsync()
    {
        var body = new Json { ["checklist_id"] = Setting("TALLYFY_TEMPLATE_ID"), ["name"] = "Launched by C#" };
        var answer = (await SendAsync(HttpMethod.Post, RunsUrl, Token, body)).OrRefused();
        var run = (Json)answer.Body["data"];
        return new Json { ["status"] = answer.Status, ["id"] = run["id"], ["name"] = run["name"] };
    }

    private static async Task<Json> ErrorAsync()
    {
        var answer = await SendAsync(HttpMethod.Get, FirstPageUrl(), "wrong-token");
        if (answer.IsSuccess) throw new HttpRequestException("a wrong token was accepted");
        return new Json { ["status"] = answer.Status, ["message"] = answer.Body["message"] };
    }

    private static string FirstPageUrl()
    {
        var query = HttpUtility.ParseQueryString(string.Empty);
        query["status"] = "active";
        query["per_page"] = "10";
        query["with"] = "tags";
        return $"{RunsUrl}?{query}";
    }

    private static async Task<Answer> SendAsync(HttpMethod method, string url, string token, Json body = null)
    {
        using (var request = new HttpRequestMessage(method, url))
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
            request.Headers.Add("X-Tallyfy-Client", "APIClient");
            if (body != null)
            {
                request.Content = new StringContent(Serializer.Serialize(body), Encoding.UTF8, "application/json");
            }
            using (var response = await Client.SendAsync(request))
            {
                return new Answer(response, await response.Content.ReadAsStringAsync());
            }
        }
    }

    private static IEnumerable<Json> Runs(Json body) => ((IEnumerable)body["data"]).Cast<Json>();

    private static Json Pagination(Json body) => (Json)((Json)body["meta"])["pagination"];

    private static string NextLink(Json body)
    {
        object next;
        return ((Json)Pagination(body)["links"]).TryGetValue("next", out next) ? (string)next : null;
    }

    private static string Setting(string name) =>
        Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException($"{name} is not set");
}
