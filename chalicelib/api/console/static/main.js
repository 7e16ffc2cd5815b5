import {settings} from "./api.js";

const main = document.getElementById("main");
if (main) main.textContent = JSON.stringify(await settings());
