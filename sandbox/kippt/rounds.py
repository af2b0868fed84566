"""A round of random changes, each told in a sentence."""

from __future__ import annotations

from random import Random

from sandbox.kippt.changes import Changes
from sandbox.kippt.records import Clip


def play(service: Changes, rng: Random, seed: int) -> list[str]:
    """A random round that touches clips, lists and neighbours."""
    world, done = service.world, []
    own = [row for row in world.my_lists() if row.user is world.me]
    users = list(world.users.values())[1:]
    done.append(f"added clip {service.add_clip(rng.choice(own).id, f'Page {seed} ✨')}")
    done.append(f"added note {service.add_note(f'note {seed}')}")
    for name in ("edit", "move", "delete", "comment on", "like", "save", "favour"):
        clip = rng.choice(world.my_clips())
        change_clip(service, name, clip, rng)
        done.append(f"{name} clip {clip.id}")
    if world.clips.removed and rng.random() < 0.3:
        back = rng.choice(list(world.clips.removed))
        service.return_clip(back)
        done.append(f"brought clip {back} back")
    shared = rng.choice([row for row in world.my_lists() if row.user is not world.me])
    other = service.add_clip(shared.id, "From a friend", user_id=shared.user.id)
    done.append(f"somebody added clip {other} to shared list {shared.id}")
    done.append(f"edited {len(service.edit_many(3))} clips in one second")
    if comments := [row.id for clip in world.my_clips() for row in clip.comments]:
        service.delete_comment(rng.choice(comments))
        done.append("deleted a comment")
    done.append(f"added list {service.add_list(f'List {seed}', rng.random() < 0.5)}")
    renamed = rng.choice(own[1:])
    service.edit_list(renamed.id, title=f"Renamed {seed}", description=None)
    done.append(f"renamed list {renamed.id}")
    for act in (service.follow, service.be_followed):
        act(rng.choice(users).id, rng.random() < 0.6)
    service.edit_user(rng.choice(users).id, bio=f"Since {seed} 🎈")
    service.add_notification("follow", rng.choice(users).id)
    return [*done, "changed who follows whom", "edited a profile", "added a notification"]


def change_clip(service: Changes, name: str, clip: Clip, rng: Random) -> None:
    world = service.world
    others = [user.id for user in world.users.values() if user is not clip.user]
    match name:
        case "edit":
            service.edit_clip(clip.id, title=f"Edited {rng.random()}", notes="")
        case "move":
            own = [row.id for row in world.my_lists() if row.user is world.me]
            service.move_clip(clip.id, rng.choice(own))
        case "delete" if len(world.my_clips()) > 1:
            service.delete_clip(clip.id)
        case "comment on":
            service.add_comment(clip.id, f"Remark {rng.random()}", rng.choice(others))
        case "like":
            service.like_clip(clip.id, rng.choice(others), rng.random() < 0.7)
        case "save":
            service.save_clip(clip.id, rng.choice(others))
        case "favour":
            service.favorite_clip(clip.id, on=clip not in world.me.favorites)
