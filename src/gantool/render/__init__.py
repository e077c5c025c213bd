"""Picture files for people: single images, contact sheets, strips and animations, in unchanged colours."""
