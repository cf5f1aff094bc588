// SPDX-License-Identifier: BSD-2-Clause
// Where one of several is read at a time, a list to choose from; without this each opens by itself.
for (const choice of document.querySelectorAll("[data-choice]")) {
	const parts = [...choice.querySelectorAll(":scope > details")];
	const label = document.createElement("label");
	const select = document.createElement("select");

	for (const part of parts)
		select.add(new Option(part.querySelector("summary").textContent));
	select.addEventListener("change", () => parts.forEach((part, n) => {
		part.hidden = n !== select.selectedIndex;
		part.open = !part.hidden;
	}));
	label.append(choice.dataset.choice + " ", select);
	choice.prepend(label);
	choice.classList.add("chosen");
	select.dispatchEvent(new Event("change"));
}
// On paper everything is open.
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach(each => { each.open = true; }));
