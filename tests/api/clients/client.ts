// Creates a schedule and provokes a problem: `node client.ts URL TOKEN` prints what the API answered, as JSON.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.ts";

declare const process: { argv: string[] };

type Schemas = components["schemas"];

const [baseUrl = "", token = ""] = process.argv.slice(2);
const api = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });

// Every field that has a default is left out.
const digest: Schemas["CreateSchedule"] = {
  timing: { cron: "0 9 ? * MON *", timezone: "Europe/Berlin" },
  action: { type: "email", to: ["alice@example.com"], subject: "Your week", text: "Seven days have passed." },
  retry: { max_retries: 5 },
};

const { data: schedule, error } = await api.POST("/v1/schedules", {
  params: { header: { "Idempotency-Key": "order-7" } },
  body: digest,
});
if (error) throw new Error(error.detail);

// What was read can be written.
const { schedule_id, timing }: Schemas["Schedule"] = schedule;
const { data: moved } = await api.PATCH("/v1/schedules/{schedule_id}", {
  params: { path: { schedule_id } },
  body: { timing, name: "Digest" },
});

const { data: page } = await api.GET("/v1/schedules", { params: { query: { limit: 10, status: "active" } } });

const { error: problem } = await api.POST("/v1/schedules", {
  body: { ...digest, timing: { at: "2020-01-01T00:00:00Z" } },
});

console.log(
  JSON.stringify({
    schedule_id,
    name: moved?.name,
    listed: page?.items.map((item) => item.action.type),
    detail: problem?.detail,
    field: problem?.errors?.[0]?.field,
  }),
);
