/** The dialog that pauses schedules, with a reason and a time of the automatic resume. */
import { html, useState } from "./libs.js";
import { Dialog, described, Field } from "./parts.js";
import { HERE } from "./time.js";
import { instantOf } from "./walls.js";

/** @param {{title: string, onClose: () => void, onPause: (body: Record<string, string>) => void}} props */
export function PauseDialog({ title, onClose, onPause }) {
  const [reason, setReason] = useState("");
  const [until, setUntil] = useState("");
  const { instant, error } = until ? instantOf(until, HERE) : { instant: null, error: null };
  /** @param {Event} event */
  const submit = (event) => {
    event.preventDefault();
    if (error) return;
    onPause({
      ...(reason.trim() ? { reason: reason.trim() } : {}),
      ...(instant ? { until: new Date(instant).toISOString().replace(".000Z", "Z") } : {}),
    });
  };
  return html`
    <${Dialog} title=${title} onClose=${onClose}>
      <form class="form" onSubmit=${submit}>
        <${Field} id="pause-reason" label="Reason" help="Shown with the schedule and with each skipped occurrence. Optional.">
          <input class="in" maxlength="200" ...${described("pause-reason", null, true)} value=${reason} onInput=${(/** @type {any} */ event) => setReason(event.target.value)} />
        <//>
        <${Field} id="pause-until" label="Resume at" error=${error} help=${`Your time, ${HERE}. Empty: paused until somebody resumes it.`}>
          <input class="in" type="datetime-local" ...${described("pause-until", error, true)} value=${until} onInput=${(/** @type {any} */ event) => setUntil(event.target.value)} />
        <//>
        <p class="acts"><button class="btn main">Pause</button><button type="button" class="btn bare" onClick=${onClose}>Close</button></p>
      </form>
    <//>
  `;
}
