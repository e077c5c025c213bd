"""`gantool stylize`: neural style transfer from paintings to photos."""

from gantool.cli.arguments import takes
from gantool.cli.stylize_job import Job


@takes(Job)
def stylize(job: Job) -> None:
    """Redraw a photo in the style of paintings, from coarse to fine.

    A folder of photos is drawn one by one; a film, a GIF, or a folder with `-o film.mp4`, frame by frame. The first
    Ctrl-C stops and writes the picture so far; the second ends at once.
    """
    from gantool.cli.stylize_jobs import run

    run(job)
