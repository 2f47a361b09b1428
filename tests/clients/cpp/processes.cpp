// The process list and launch, as a C++ program calls them: the C++ REST SDK (cpprestsdk).

#include <cpprest/http_client.h>
#include <cpprest/json.h>

#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

using namespace web;
using namespace web::http;
using namespace web::http::client;

namespace {

utility::string_t setting(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr) throw std::runtime_error(std::string(name) + " is not set");
    return utility::conversions::to_string_t(value);
}

struct Answer {
    int status;
    json::value body;

    bool accepted() const { return status / 100 == 2; }
};

class Refused : public std::runtime_error {
public:
    explicit Refused(const Answer& answer)
        : std::runtime_error("Status: " + std::to_string(answer.status) + "\nResponse: " +
                             utility::conversions::to_utf8string(answer.body.serialize())) {}
};

uri_builder runs_url() {
    uri_builder builder(setting("TALLYFY_API_BASE") + U("/organizations/"));
    builder.append_path(setting("TALLYFY_ORG_ID"));
    builder.append_path(U("runs"));
    return builder;
}

utility::string_t first_page_url() {
    uri_builder builder = runs_url();
    builder.append_query(U("status"), U("active"));
    builder.append_query(U("per_page"), 5);
    builder.append_query(U("with"), U("tags"));
    return builder.to_string();
}

pplx::task<Answer> send(const method& verb, const utility::string_t& url, const utility::string_t& token,
                        const json::value& body = json::value()) {
    http_client client(url);
    http_request request(verb);
    request.headers().add(U("Authorization"), U("Bearer ") + token);
    request.headers().add(U("Accept"), U("application/json"));
    request.headers().add(U("X-Tallyfy-Client"), U("APIClient"));
    if (!body.is_null()) request.set_body(body);

    return client.request(request).then([](http_response response) {
        return response.extract_json().then(
            [response](const json::value& received) { return Answer{response.status_code(), received}; });
    });
}

Answer accepted(Answer answer) {
    if (!answer.accepted()) throw Refused(answer);
    return answer;
}

Answer get(const utility::string_t& url) {
    return accepted(send(methods::GET, url, setting("TALLYFY_ACCESS_TOKEN")).get());
}

json::value next_link(const json::value& body) {
    const json::value& links = body.at(U("meta")).at(U("pagination")).at(U("links"));
    return links.has_field(U("next")) ? links.at(U("next")) : json::value::null();
}

json::value list() {
    const Answer answer = get(first_page_url());
    const json::array& runs = answer.body.at(U("data")).as_array();
    const json::value& pagination = answer.body.at(U("meta")).at(U("pagination"));
    std::vector<json::value> names;
    for (const json::value& run : runs) names.push_back(run.at(U("name")));

    json::value result;
    result[U("status")] = answer.status;
    result[U("total")] = pagination.at(U("total"));
    result[U("count")] = pagination.at(U("count"));
    result[U("next")] = next_link(answer.body);
    result[U("names")] = json::value::array(names);
    result[U("first")] = runs.size() > 0 ? runs.at(0) : json::value::null();
    return result;
}

json::value follow() {
    std::vector<json::value> ids;
    int pages = 0;
    for (json::value url = json::value(first_page_url()); !url.is_null(); ++pages) {
        const Answer answer = get(url.as_string());
        for (const json::value& run : answer.body.at(U("data")).as_array()) ids.push_back(run.at(U("id")));
        url = next_link(answer.body);
    }
    json::value result;
    result[U("pages")] = pages;
    result[U("ids")] = json::value::array(ids);
    return result;
}

json::value launch() {
    json::value body;
    body[U("checklist_id")] = json::value(setting("TALLYFY_TEMPLATE_ID"));
    body[U("name")] = json::value(U("Launched by C++"));
    const Answer answer =
        accepted(send(methods::POST, runs_url().to_string(), setting("TALLYFY_ACCESS_TOKEN"), body).get());

    const json::value& run = answer.body.at(U("data"));
    json::value result;
    result[U("status")] = answer.status;
    result[U("id")] = run.at(U("id"));
    result[U("name")] = run.at(U("name"));
    return result;
}

json::value error() {
    const Answer answer = send(methods::GET, first_page_url(), U("wrong-token")).get();
    if (answer.accepted()) throw std::runtime_error("a wrong token was accepted");
    json::value result;
    result[U("status")] = answer.status;
    result[U("message")] = answer.body.at(U("message"));
    return result;
}

}  // namespace

int main(int count, char* arguments[]) {
    const std::map<std::string, std::function<json::value()>> commands = {
        {"list", list}, {"follow", follow}, {"launch", launch}, {"error", error}};
    const auto command = commands.find(count == 2 ? arguments[1] : "");
    if (command == commands.end()) {
        std::cerr << "usage: processes list|follow|launch|error" << std::endl;
        return 2;
    }
    try {
        ucout << command->second().serialize() << std::endl;
        return 0;
    } catch (const Refused& refused) {
        std::cerr << "Refused. " << refused.what() << std::endl;
    } catch (const http_exception& failure) {
        std::cerr << "HTTP exception: " << failure.what() << std::endl;
    } catch (const std::exception& failure) {
        std::cerr << "Error: " << failure.what() << std::endl;
    }
    return 1;
}
