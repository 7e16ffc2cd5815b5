/** Being written. */
import { html } from "./libs.js";
export const View = () => html`<h1>Soon</h1>`;
