"""Pictures for people: single images, contact sheets, strips and animations. Colours are shown as they are."""
