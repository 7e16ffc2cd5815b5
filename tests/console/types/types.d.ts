// Shapes of the API's answers, as far as the console reads them.
export interface Schedule {
  schedule_id: string;
  user_id: string;
  resource_id: string | null;
  name: string | null;
  status: "active" | "paused" | "failed" | "completed" | "cancelled";
  reason: string | null;
  paused_until: string | null;
  confirmed: boolean;
  revision: number;
  timing: Record<string, string>;
  description: string;
  action: { type: string } & Record<string, any>;
  flexible_window_minutes: number;
  delivery: { max_retries: number; max_age_seconds: number };
  metadata: Record<string, any>;
  retry: { max_retries: number; backoff_seconds: number };
  on_unknown: string;
  overlap: string;
  pause_after_failures: number;
  failures_in_a_row: number;
  max_runs: number | null;
  exclusions: string[];
  on_missed: string;
  next_run_at: string | null;
  last_run: { scheduled_time: string; status: string; reason: string | null } | null;
  run_count: number;
  created_at: string;
  updated_at: string;
}
export interface Attempt {
  started_at: string;
  ended_at: string | null;
  error: string | null;
}
export interface Run {
  run_id: string;
  schedule_id: string;
  resource_id: string | null;
  action_type: string;
  scheduled_time: string;
  status: string;
  reason: string | null;
  lateness_ms: number | null;
  next_attempt_at: string | null;
  possibly_repeated: boolean;
  unforeseen: boolean;
  attempts: Attempt[];
}
export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}
export type RunPage = Page<Run>;
export interface SchedulePage extends Page<Schedule> {
  searched: number;
}
export interface Job {
  job_id: string;
  kind: string;
  user_id: string | null;
  status: string;
  done: number;
  passed_over: number;
  created_at: string;
  updated_at: string;
}
export interface Preview {
  timing: Record<string, string>;
  description: string;
  occurrences: string[];
  warnings: string[];
}
export interface Lane {
  schedule_id: string;
  name: string | null;
  resource_id: string | null;
  status: string;
  timezone: string | null;
  description: string;
  runs: { run_id: string; scheduled_time: string; status: string; lateness_ms: number | null; attempts: number; reason: string | null }[];
  occurrences: string[];
  slices: { since: string; until: string; counts: Record<string, number> }[] | null;
  is_cut: boolean;
}
export type TimelinePage = Page<Lane>;
