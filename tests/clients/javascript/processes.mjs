// The process list and launch, as a JavaScript program calls them: global fetch, nothing installed.

const { TALLYFY_API_BASE, TALLYFY_ORG_ID, TALLYFY_ACCESS_TOKEN, TALLYFY_TEMPLATE_ID } = process.env;
const RUNS_URL = `${TALLYFY_API_BASE}/organizations/${TALLYFY_ORG_ID}/runs`;

class Refused extends Error {
  constructor(status, body) {
    super(`the server answered ${status}: ${JSON.stringify(body)}`);
    this.status = status;
    this.body = body;
  }
}

function firstPageUrl() {
  const query = new URLSearchParams({ status: "active", per_page: "5" }).toString();
  return query ? `${RUNS_URL}?${query}` : RUNS_URL;
}

async function send(method, url, { token = TALLYFY_ACCESS_TOKEN, body } = {}) {
  const headers = new Headers();
  headers.append("Authorization", `Bearer ${token}`);
  headers.append("Accept", "application/json");
  headers.append("X-Tallyfy-Client", "APIClient");
  if (body !== undefined) headers.append("Content-Type", "application/json");

  const response = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new Refused(response.status, answer);
  return { status: response.status, answer };
}

async function list() {
  const { status, answer } = await send("GET", firstPageUrl());
  const { total, count, links } = answer.meta.pagination;
  const names = answer.data.map((run) => run.name);
  return { status, total, count, next: links.next ?? null, names, first: answer.data[0] ?? null };
}

async function follow() {
  const ids = [];
  let pages = 0;
  for (let url = firstPageUrl(); url; pages += 1) {
    const { answer } = await send("GET", url);
    ids.push(...answer.data.map((run) => run.id));
    url = answer.meta.pagination.links.next;
  }
  return { pages, ids };
}

async function launch() {
  const body = { checklist_id: TALLYFY_TEMPLATE_ID, name: "Launched by JavaScript" };
  const { status, answer } = await send("POST", RUNS_URL, { body });
  return { status, id: answer.data.id, name: answer.data.name };
}

async function error() {
  try {
    await send("GET", firstPageUrl(), { token: "wrong-token" });
  } catch (refusal) {
    if (refusal instanceof Refused) return { status: refusal.status, message: refusal.body.message };
    throw refusal;
  }
  throw new Error("a wrong token was accepted");
}

const command = { list, follow, launch, error }[process.argv[2]];
if (command === undefined) {
  console.error("usage: processes.mjs list|follow|launch|error");
  process.exit(2);
}
command()
  .then((result) => console.log(JSON.stringify(result)))
  .catch((failure) => {
    console.error(`Request failed: ${failure.message}`);
    process.exitCode = 1;
  });
