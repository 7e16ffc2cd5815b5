/** The dialog that pauses schedules, with a reason and a time of the automatic resume. */
import { Problem } from "./api.js";
import { html, useState } from "./libs.js";
import { Dialog, described, Field, ProblemNote } from "./parts.js";
import { HERE } from "./time.js";
import { instantOf } from "./walls.js";

/**
 * Stays open with the API's error if `onPause` throws a Problem.
 * @param {{title: string, onClose: () => void, onPause: (body: Record<string, string>) => unknown}} props
 */
export function PauseDialog({ title, onClose, onPause }) {
  const [reason, setReason] = useState("");
  const [until, setUntil] = useState("");
  const [problem, setProblem] = useState(/** @type {Problem | null} */ (null));
  const [isBusy, setBusy] = useState(false);
  const { instant, error } = until ? instantOf(until, HERE) : { instant: null, error: null };
  /** @param {Event} event */
  const submit = async (event) => {
    event.preventDefault();
    if (error || isBusy) return;
    setBusy(true);
    try {
      await onPause({
        ...(reason.trim() ? { reason: reason.trim() } : {}),
        ...(instant ? { until: new Date(instant).toISOString().replace(".000Z", "Z") } : {}),
      });
    } catch (refused) {
      if (!(refused instanceof Problem)) throw refused;
      setProblem(refused);
      setBusy(false);
    }
  };
  const errors = Object.fromEntries(problem?.errors.map(({ field, message }) => [field, message]) ?? []);
  const [ofReason, ofUntil] = [errors.reason, error ?? errors.until];
  return html`
    <${Dialog} title=${title} onClose=${onClose}>
      <form class="form" onSubmit=${submit} onInput=${() => setProblem(null)}>
        <${ProblemNote} problem=${problem} />
        <${Field} id="pause-reason" label="Reason" error=${ofReason} help="Shown with the schedule and with each skipped occurrence. Optional.">
          <input class="in" maxlength="200" ...${described("pause-reason", ofReason, true)} value=${reason} onInput=${(/** @type {any} */ event) => setReason(event.target.value)} />
        <//>
        <${Field} id="pause-until" label="Resume at" error=${ofUntil} help=${`Your time, ${HERE}. Empty: paused until somebody resumes it.`}>
          <input class="in" type="datetime-local" ...${described("pause-until", ofUntil, true)} value=${until} onInput=${(/** @type {any} */ event) => setUntil(event.target.value)} />
        <//>
        <p class="acts"><button class="btn main" disabled=${isBusy}>Pause</button><button type="button" class="btn bare" onClick=${onClose}>Close</button></p>
      </form>
    <//>
  `;
}
