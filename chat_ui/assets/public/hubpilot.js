// Follow the system's light or dark theme until the person chooses one.
if (!localStorage.getItem("vite-ui-theme")) {
  localStorage.setItem("vite-ui-theme", "system");
}

// What was pressed on a card, by the card's id: Chainlit compiles a card anew whenever its message is drawn again, which forgets React's state.
window.hubpilotPressed = new Map();
